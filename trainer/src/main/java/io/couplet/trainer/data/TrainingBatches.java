package io.couplet.trainer.data;

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

    private final ImageSet set;
    private final int batchSize;
    private final Augmentation augmentation;
    private final long seed;
    private final Normalised normalised;
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
    }

    /** The batch of a step; the first step is 1. */
    Batch at(long step) {
        float[] images = new float[batchSize * normalised.valuesPerImage()];
        int[] labels = new int[batchSize];
        for (int i = 0; i < batchSize; i++) {
            int index = indexAt(step, i);
            labels[i] = set.label(index);
            byte[] pixels = set.rawPixels(index);
            switch (augmentation) {
                case NONE -> normalised.write(pixels, images, i);
                case CROP_AND_FLIP -> {
                    SplitMix random = SplitMix.of(seed, AUGMENTATION, step, i);
                    int padding = set.height() / 8;
                    int down = random.nextInt(2 * padding + 1) - padding;
                    int right = random.nextInt(2 * padding + 1) - padding;
                    normalised.writeMoved(pixels, images, i, down, right, random.nextBoolean());
                }
            }
        }
        return new Batch(images, labels, batchSize);
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
