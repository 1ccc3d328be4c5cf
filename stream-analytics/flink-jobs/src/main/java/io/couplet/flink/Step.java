package io.couplet.flink;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.StepMetrics;

/** What the convergence score needs of a training step; the rest of the record stays in the source. */
public record Step(
        String runId,
        int attempt,
        int step,
        int budgetSteps,
        int warmupSteps,
        double loss,
        double learningRate,
        double gradientNorm,
        double batchAccuracy,
        long timeMillis) {

    /** Refuses what could not be scored, so that it becomes a dead letter where its origin is known. */
    public Step {
        RunId.parse(runId);
        require(attempt >= 1, "attempt must be at least 1, was ", attempt);
        require(step >= 1, "step must be at least 1, was ", step);
        require(budgetSteps >= 0, "budgetSteps must not be negative, was ", budgetSteps);
        require(warmupSteps >= 0, "warmupSteps must not be negative, was ", warmupSteps);
    }

    static Step of(StepMetrics metrics) {
        return new Step(
                metrics.getRunId(),
                metrics.getAttempt(),
                metrics.getStep(),
                metrics.getBudgetSteps(),
                metrics.getWarmupSteps(),
                metrics.getLoss(),
                metrics.getLearningRate(),
                metrics.getGradientNorm(),
                metrics.getBatchAccuracy(),
                metrics.getTimeMillis());
    }

    private static void require(boolean holds, String message, int value) {
        if (!holds) {
            throw new IllegalArgumentException(message + value);
        }
    }
}
