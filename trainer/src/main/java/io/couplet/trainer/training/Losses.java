package io.couplet.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.couplet.trainer.data.Batch;
import io.couplet.trainer.recipes.Loss;
import io.couplet.trainer.torch.Transfer;

/** The losses as operations that torch can go back through. */
final class Losses {
    /** Above this share a class is present in a mixed image. */
    static final double PRESENT = 0.2;

    private Losses() {}

    /**
     * The mean loss of a batch, a scalar.
     *
     * @param logits (batch, classes); the targets belong to their manager
     */
    static NDArray of(Loss loss, NDArray logits, Batch batch, int classes, double labelSmoothing) {
        Shape shape = new Shape(batch.size(), classes);
        return switch (loss) {
            case CROSS_ENTROPY -> {
                // The mean and its sign are in the targets: DJL's mul(Number) frees what torch keeps for the way back.
                float[] targets = batch.targets(classes, labelSmoothing);
                for (int i = 0; i < targets.length; i++) {
                    targets[i] = -targets[i] / batch.size();
                }
                yield logits.logSoftmax(1)
                        .mul(Transfer.upload(logits, targets, shape))
                        .sum();
            }
            case BINARY_CROSS_ENTROPY -> {
                NDArray targets = Transfer.upload(logits, present(batch, classes, labelSmoothing), shape);
                // −t ln σ(x) − (1 − t) ln (1 − σ(x)) = ln (1 + exp(x)) − t x
                yield logits.getNDArrayInternal()
                        .softPlus()
                        .sub(logits.mul(targets))
                        .mean();
            }
        };
    }

    private static float[] present(Batch batch, int classes, double labelSmoothing) {
        float[] targets = batch.targets(classes, 0);
        for (int i = 0; i < targets.length; i++) {
            double one = targets[i] > PRESENT ? 1 : 0;
            targets[i] = (float) (one * (1 - labelSmoothing) + labelSmoothing / classes);
        }
        return targets;
    }
}
