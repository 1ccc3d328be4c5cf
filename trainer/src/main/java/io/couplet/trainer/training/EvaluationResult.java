package io.couplet.trainer.training;

/**
 * The validation set at a rung.
 *
 * @param step after which was evaluated
 * @param rung 1-based
 * @param fraction of the budget
 * @param loss mean, nats
 * @param top1 share of images whose best class is their label
 * @param top5 share of images whose label is among the best five classes
 * @param deviceSeconds since the run began
 */
public record EvaluationResult(
        int step,
        int rung,
        double fraction,
        double loss,
        double top1,
        double top5,
        int samples,
        double deviceSeconds) {}
