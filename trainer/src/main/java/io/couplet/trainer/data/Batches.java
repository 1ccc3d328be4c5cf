package io.couplet.trainer.data;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** Ways through an {@link ImageSet}, batch by batch. */
public final class Batches {
    private Batches() {}

    /** {@link #training(ImageSet, Normalisation, int, Augmentation, long, long)} from the first step on. */
    public static BatchSource training(
            ImageSet training, Normalisation normalisation, int batchSize, Augmentation augmentation, long seed) {
        return training(training, normalisation, batchSize, augmentation, seed, 1);
    }

    /**
     * Endless full batches, each epoch in a new order, made ahead in the background. The batch of a step depends on the
     * arguments and that step only: who resumes after step s asks for {@code firstStep} s + 1 and sees what an uninterrupted run saw.
     *
     * @param seed decides order and augmentation
     * @param firstStep step of the first batch, 1 for a new run
     */
    public static BatchSource training(
            ImageSet training,
            Normalisation normalisation,
            int batchSize,
            Augmentation augmentation,
            long seed,
            long firstStep) {
        TrainingBatches batches = new TrainingBatches(training, normalisation, batchSize, augmentation, seed);
        return new Prefetch(batches::at, firstStep);
    }

    /** Once through the set in its own order, for evaluation; the last batch may be smaller. Can be iterated again. */
    public static Iterable<Batch> inOrder(ImageSet set, Normalisation normalisation, int batchSize) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batchSize must be at least 1, was " + batchSize);
        }
        Normalised normalised = new Normalised(normalisation, set.height());
        return () -> new Iterator<>() {
            private int position;

            @Override
            public boolean hasNext() {
                return position < set.size();
            }

            @Override
            public Batch next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("the set has only " + set.size() + " images");
                }
                int size = Math.min(batchSize, set.size() - position);
                float[] images = new float[size * normalised.valuesPerImage()];
                int[] labels = new int[size];
                for (int i = 0; i < size; i++) {
                    normalised.write(set.rawPixels(position + i), images, i);
                    labels[i] = set.label(position + i);
                }
                position += size;
                return new Batch(images, labels, size);
            }
        };
    }
}
