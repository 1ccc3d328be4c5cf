package io.couplet.schemas.study;

/**
 * What each run may spend.
 *
 * @param steps optimizer updates
 * @param batchSize images a step, at least 2
 */
public record Budget(int steps, int batchSize) {

    public Budget {
        Bounds.STEPS.require("budget.steps", steps);
        Bounds.BATCH_SIZE.require("budget.batch-size", batchSize);
    }
}
