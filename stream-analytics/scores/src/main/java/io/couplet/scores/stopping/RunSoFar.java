package io.couplet.scores.stopping;

import io.couplet.scores.convergence.Convergence;
import io.couplet.scores.convergence.NonFinite;
import io.couplet.scores.convergence.Verdict;

/**
 * What a rule sees of one run.
 *
 * @param runId the run
 * @param attempt the newest attempt
 * @param step the newest step
 * @param warmupSteps the steps of learning-rate warm-up
 * @param verdict what the run's loss does
 * @param nonFinite the first value that was no number, by name
 * @param loss the newest loss in nats
 * @param smoothedLoss the smoothed loss
 * @param bestLoss the least smoothed loss; NaN when unknown
 * @param initialLoss the mean of the first losses; NaN when unknown
 * @param usualGapMillis the usual time between two steps; 0 or NaN when unknown
 * @param idleMillis how long ago the newest step was, by the newest record of its study
 */
public record RunSoFar(
        String runId,
        int attempt,
        long step,
        long warmupSteps,
        Verdict verdict,
        NonFinite nonFinite,
        double loss,
        double smoothedLoss,
        double bestLoss,
        double initialLoss,
        double usualGapMillis,
        double idleMillis) {

    /** What a convergence score says, at the time of the study's newest record, milliseconds since the epoch. */
    public static RunSoFar of(String runId, Convergence convergence, long nowMillis) {
        return new RunSoFar(
                runId,
                convergence.attempt(),
                convergence.step(),
                convergence.warmupSteps(),
                convergence.verdict(),
                convergence.nonFinite(),
                convergence.loss(),
                convergence.smoothedLoss(),
                convergence.bestLoss(),
                convergence.initialLoss(),
                convergence.usualGapMillis(),
                Math.max(0, nowMillis - convergence.timeMillis()));
    }
}
