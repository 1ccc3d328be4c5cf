package io.couplet.trainer.training;

import io.couplet.trainer.data.Batch;
import io.couplet.trainer.data.BatchSource;

/** Images as a training takes them in. */
public interface TrainingData {

    int classes();

    /** Height and width in pixels. */
    int imageSize();

    int trainingImages();

    /** Endless and the same for the same seed. */
    BatchSource training(int batchSize, long seed);

    /** One pass in a fixed order; the last batch may be smaller. */
    Iterable<Batch> validation(int batchSize);
}
