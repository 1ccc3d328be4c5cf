package io.couplet.trainer.data;

import java.util.stream.IntStream;

/**
 * What a training sees at each step, as a function of seed and step alone; that is why a resumed run goes on as if never stopped.
 *
 * <p>An epoch goes through a fresh permutation of the images and leaves out the last ones that do not fill a batch. A set smaller than
 * a batch is gone through again and again without a gap. Not for several threads: the permutation of the newest epoch is kept.
 */
final class TrainingBatches {
    /** Parts of the path of a random generator, so that order and augmentation are independent. */
    private static final long ORDER = 1;

    private static final long AUGMENTATION = 2;

    private static final long MIXING = 3;

    /** From this size on, images of a batch are made by all processors: a GPU would wait for one. */
    private static final int LARGE = 96;

    private static final double LOG_FOUR_THIRDS = StrictMath.log(4.0 / 3);

    private final ImageSet set;
    private final int batchSize;
    private final Augmentation augmentation;
    private final long seed;
    private final Normalised normalised;
    private final RandomErasing erasing;
    private final Mixing mixing;
    private final byte[] meanColour;
    private final Darkroom darkroom;
    private long keptEpoch = -1;
    private int[] keptPermutation = {};

    TrainingBatches(ImageSet set, Normalisation normalisation, int batchSize, Augmentation augmentation, long seed) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batchSize must be at least 1, was " + batchSize);
        }
        this.set = set;
        this.batchSize = batchSize;
        this.augmentation = augmentation;
        this.seed = seed;
        this.normalised = new Normalised(normalisation, set.height());
        this.erasing = new RandomErasing(augmentation.erasing());
        this.mixing = new Mixing(augmentation.mixup(), augmentation.cutmix());
        this.meanColour = normalisation.meanColour();
        this.darkroom = new Darkroom();
    }

    /** The batch of a step; the first step is 1. */
    Batch at(long step) {
        float[] images = new float[batchSize * normalised.valuesPerImage()];
        int[] labels = new int[batchSize];
        int[] indices = new int[batchSize];
        for (int i = 0; i < batchSize; i++) {
            indices[i] = indexAt(step, i);
            labels[i] = set.label(indices[i]);
        }
        if (set.height() < LARGE) {
            darkroom.make(images, indices, step, 0, batchSize);
        } else {
            int parts = Math.min(batchSize, Runtime.getRuntime().availableProcessors());
            IntStream.range(0, parts)
                    .parallel()
                    .forEach(part -> new Darkroom()
                            .make(images, indices, step, part * batchSize / parts, (part + 1) * batchSize / parts));
        }
        double share = mixing.mix(images, batchSize, set.height(), SplitMix.of(seed, MIXING, step));
        return share == 1 ? new Batch(images, labels, batchSize) : Batch.mixedInReverse(images, labels, share);
    }

    /** What one thread needs to make images for a batch. */
    private final class Darkroom {
        private final ImageOperations operations = new ImageOperations(set.height());
        private final byte[] shown = new byte[normalised.valuesPerImage()];
        private final byte[] spare = new byte[normalised.valuesPerImage()];

        void make(float[] images, int[] indices, long step, int from, int to) {
            for (int i = from; i < to; i++) {
                SplitMix random = SplitMix.of(seed, AUGMENTATION, step, i);
                write(set.rawPixels(indices[i]), images, i, random);
                erasing.erase(images, i, set.height(), random);
            }
        }

        private void write(byte[] pixels, float[] images, int place, SplitMix random) {
            RandAugment randAugment = augmentation.randAugment();
            switch (augmentation.window()) {
                case WHOLE -> {
                    if (randAugment == null && !augmentation.mirrored()) {
                        normalised.write(pixels, images, place);
                        return;
                    }
                    operations.moved(pixels, shown, 0, 0, mirror(random));
                }
                case MOVED -> {
                    int padding = set.height() / 8;
                    int down = random.nextInt(2 * padding + 1) - padding;
                    int right = random.nextInt(2 * padding + 1) - padding;
                    if (randAugment == null) {
                        normalised.writeMoved(pixels, images, place, down, right, mirror(random));
                        return;
                    }
                    operations.moved(pixels, shown, down, right, mirror(random));
                }
                case ENLARGED -> enlarge(pixels, random);
            }
            byte[] result =
                    randAugment == null ? shown : randAugment.apply(shown, spare, random, operations, meanColour);
            normalised.write(result, images, place);
        }

        private boolean mirror(SplitMix random) {
            return augmentation.mirrored() && random.nextBoolean();
        }

        /** As torchvision's {@code RandomResizedCrop.get_params} chooses: ten attempts, then the whole image. */
        private void enlarge(byte[] pixels, SplitMix random) {
            int side = set.height();
            for (int attempt = 0; attempt < 10; attempt++) {
                double area = random.between(0.08, 1) * side * side;
                double aspect = StrictMath.exp(random.between(-LOG_FOUR_THIRDS, LOG_FOUR_THIRDS));
                int width = (int) Math.rint(Math.sqrt(area * aspect));
                int height = (int) Math.rint(Math.sqrt(area / aspect));
                if (width > 0 && width <= side && height > 0 && height <= side) {
                    int top = random.nextInt(side - height + 1);
                    int left = random.nextInt(side - width + 1);
                    operations.window(pixels, shown, top, left, height, width, mirror(random));
                    return;
                }
            }
            operations.moved(pixels, shown, 0, 0, mirror(random));
        }
    }

    /** Which image stands at a place of a step's batch. */
    int indexAt(long step, int place) {
        if (set.size() >= batchSize) {
            long batchesPerEpoch = set.size() / batchSize;
            long epoch = (step - 1) / batchesPerEpoch;
            return permutation(epoch)[(int) ((step - 1) % batchesPerEpoch) * batchSize + place];
        }
        long position = (step - 1) * batchSize + place;
        return permutation(position / set.size())[(int) (position % set.size())];
    }

    private int[] permutation(long epoch) {
        if (epoch != keptEpoch) {
            int[] order = new int[set.size()];
            for (int i = 0; i < order.length; i++) {
                order[i] = i;
            }
            SplitMix.of(seed, ORDER, epoch).shuffle(order);
            keptPermutation = order;
            keptEpoch = epoch;
        }
        return keptPermutation;
    }
}
