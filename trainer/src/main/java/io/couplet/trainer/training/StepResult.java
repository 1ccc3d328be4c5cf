package io.couplet.trainer.training;

/**
 * One training step.
 *
 * @param step 1-based: after this many updates
 * @param epoch passes over the training set so far, fractional
 * @param loss the recipe's, mean over the batch, nats
 * @param gradientNorm of the whole gradient before clipping
 * @param updateToWeightRatio norm of the update over norm of the parameters before it
 * @param batchAccuracy share of the batch whose best class is its label, or, mixed, the class that it shows most of
 * @param nanos wall time of the step; on a device the mean over the steps that were measured together
 */
public record StepResult(
        int step,
        double epoch,
        double loss,
        double learningRate,
        double gradientNorm,
        double updateToWeightRatio,
        double batchAccuracy,
        double samplesPerSecond,
        long nanos) {}
