package io.couplet.producers.tail;

import org.jspecify.annotations.Nullable;

/**
 * A run as far as its records were handed over.
 *
 * @param runId its id in the topics
 * @param budgetSteps the steps it may take
 * @param percent whether its accuracies are percentages; null before the first
 * @param shift what is added to the log's steps: 1 for a log whose training begins at 0; null before the first step of training
 * @param epochShift what is added to the log's epochs: 1 for a log that begins at epoch 0; null before the first epoch
 * @param attempt the attempt at work, 0 before the first
 * @param lastStep the newest step of the attempt
 * @param evaluatedStep the newest step at which the attempt was evaluated, which may be beyond the newest that was logged
 * @param lastRung the newest rung that was evaluated
 * @param beginMillis when the attempt began
 * @param deviceSeconds seconds it has taken
 * @param stepsTrained steps handed over in the attempt
 * @param ended whether its end was sent
 */
record RunState(
        String runId,
        int budgetSteps,
        @Nullable Boolean percent,
        @Nullable Integer shift,
        @Nullable Integer epochShift,
        int attempt,
        int lastStep,
        int evaluatedStep,
        int lastRung,
        long beginMillis,
        double deviceSeconds,
        long stepsTrained,
        boolean ended) {

    static RunState of(String runId, int budgetSteps) {
        return new RunState(runId, budgetSteps, null, null, null, 0, 0, 0, 0, 0, 0, 0, false);
    }

    RunState withPercent(boolean newPercent) {
        return counted(newPercent, shift, epochShift);
    }

    RunState withShift(int newShift) {
        return counted(percent, newShift, epochShift);
    }

    RunState withEpochShift(int newShift) {
        return counted(percent, shift, newShift);
    }

    /** The next attempt, which takes up after a step. */
    RunState resumedAt(int step, int rung, long millis) {
        return new RunState(
                runId, budgetSteps, percent, shift, epochShift, attempt + 1, step, 0, rung, millis, 0, 0, false);
    }

    RunState trained(int step, double seconds) {
        return reached(step, evaluatedStep, lastRung, seconds, stepsTrained + 1, ended);
    }

    RunState evaluated(int step, int rung, double seconds) {
        return reached(lastStep, step, rung, seconds, stepsTrained, ended);
    }

    RunState over() {
        return reached(lastStep, evaluatedStep, lastRung, deviceSeconds, stepsTrained, true);
    }

    private RunState counted(
            @Nullable Boolean newPercent, @Nullable Integer newShift, @Nullable Integer newEpochShift) {
        return new RunState(
                runId,
                budgetSteps,
                newPercent,
                newShift,
                newEpochShift,
                attempt,
                lastStep,
                evaluatedStep,
                lastRung,
                beginMillis,
                deviceSeconds,
                stepsTrained,
                ended);
    }

    private RunState reached(int step, int evaluatedAt, int rung, double seconds, long trained, boolean over) {
        return new RunState(
                runId,
                budgetSteps,
                percent,
                shift,
                epochShift,
                attempt,
                step,
                evaluatedAt,
                rung,
                beginMillis,
                seconds,
                trained,
                over);
    }
}
