package io.couplet.view.model;

import org.jspecify.annotations.Nullable;

/**
 * A run in one line.
 *
 * @param runId the run
 * @param seed its seed
 * @param hyperparameterPoint 0-based index in the study's hyper-parameter grid
 * @param status where it stands
 * @param verdict newest verdict on its convergence, lower case; null while there is none
 * @param attempt newest attempt; 0 before the first
 * @param step newest step; 0 before the first
 * @param budgetSteps steps it may take; 0 while unknown
 * @param loss newest smoothed loss, nats
 * @param accuracy newest validation top-1, a fraction
 * @param rung rung of that accuracy; 0 before the first
 * @param learningRate effective peak learning rate
 * @param weightDecay effective weight decay
 * @param stepsTrained steps of all attempts as the trainer counted them, see {@link AttemptSnapshot}
 * @param stepsInTopic distinct (attempt, step) among its step metrics
 * @param duplicates step metrics that repeated one
 * @param attemptsWithoutEnding attempts that died without a word, their steps counted by their records
 * @param deviceSeconds seconds its attempts kept a device busy
 * @param secondsPerStep recent seconds a step, evaluations included; null before two steps
 * @param etaSeconds seconds to the end of its budget at that pace; null unless it runs
 * @param newestMillis time of its newest record, milliseconds since the epoch
 * @param reason why it ended, when it did not complete
 * @param ordered order that its trainer has not acknowledged yet: stop, pause or resume; null when there is none
 */
public record RunSummary(
        String runId,
        long seed,
        int hyperparameterPoint,
        RunStatus status,
        @Nullable String verdict,
        int attempt,
        int step,
        int budgetSteps,
        @Nullable Double loss,
        @Nullable Double accuracy,
        int rung,
        @Nullable Double learningRate,
        @Nullable Double weightDecay,
        long stepsTrained,
        long stepsInTopic,
        long duplicates,
        int attemptsWithoutEnding,
        double deviceSeconds,
        @Nullable Double secondsPerStep,
        @Nullable Double etaSeconds,
        long newestMillis,
        @Nullable String reason,
        @Nullable String ordered) {}
