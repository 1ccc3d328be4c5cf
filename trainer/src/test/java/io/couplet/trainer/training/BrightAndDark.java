package io.couplet.trainer.training;

import io.couplet.trainer.data.Batch;
import io.couplet.trainer.data.BatchSource;
import java.util.List;
import java.util.Random;

/** Ten classes of which two occur: noisy red images and noisy blue ones. */
class BrightAndDark implements TrainingData {
    private final int side;

    BrightAndDark() {
        this(16);
    }

    BrightAndDark(int side) {
        this.side = side;
    }

    @Override
    public int classes() {
        return 10;
    }

    @Override
    public int imageSize() {
        return side;
    }

    @Override
    public int trainingImages() {
        return 160;
    }

    @Override
    public BatchSource training(int batchSize, long seed, long firstStep) {
        return new BatchSource() {
            private long step = firstStep;

            @Override
            public Batch next() {
                return batch(batchSize, new Random(seed * 1_000_003 + step++));
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public Iterable<Batch> validation(int batchSize) {
        Random random = new Random(99);
        return List.of(batch(32, random), batch(18, random));
    }

    private Batch batch(int size, Random random) {
        float[] images = new float[size * 3 * side * side];
        int[] labels = new int[size];
        for (int i = 0; i < size; i++) {
            labels[i] = random.nextInt(2);
            for (int channel = 0; channel < 3; channel++) {
                float mean = channel == 2 * labels[i] ? 1 : -0.5f;
                for (int p = 0; p < side * side; p++) {
                    images[(i * 3 + channel) * side * side + p] = mean + 0.5f * (float) random.nextGaussian();
                }
            }
        }
        return new Batch(images, labels, size);
    }
}
