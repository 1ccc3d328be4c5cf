package io.couplet.trainer.training;

import io.couplet.trainer.data.Batch;
import io.couplet.trainer.data.BatchSource;

/** Images as a training takes them in. */
public interface TrainingData {

    int classes();

    /** Height and width in pixels. */
    int imageSize();

    int trainingImages();

    /**
     * Endless. The batch of a step depends on the arguments and that step only, so that a resumed training sees what an uninterrupted one does.
     *
     * @param firstStep step of the first batch, 1 for a new training
     */
    BatchSource training(int batchSize, long seed, long firstStep);

    /** One pass in a fixed order; the last batch may be smaller. */
    Iterable<Batch> validation(int batchSize);
}
