package io.couplet.trainer.worker;

import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;

/**
 * What became of a run so far, from its events.
 *
 * @param highestAttempt highest attempt that began; 0 before the first
 * @param openAttempt the attempt that began and has not ended; 0 when there is none
 * @param brokenAttempts attempts that were superseded without having ended, which is what a killed trainer leaves
 * @param ending how the run ended; {@link RunEventKind#UNKNOWN} while it has not
 * @param endedMillis when it ended, milliseconds since the epoch; 0 while it has not
 */
record RunHistory(int highestAttempt, int openAttempt, int brokenAttempts, RunEventKind ending, long endedMillis) {

    static final RunHistory NONE = new RunHistory(0, 0, 0, RunEventKind.UNKNOWN, 0);

    /** Attempts that may break before the run is given up. */
    static final int MOST_BROKEN = 3;

    /** The history with one more event; events of superseded attempts change nothing. */
    RunHistory plus(RunEvent event) {
        int attempt = event.getAttempt();
        return switch (event.getKind()) {
            case STARTED, RESUMED ->
                attempt <= highestAttempt
                        ? this
                        : new RunHistory(
                                attempt, attempt, brokenAttempts + (openAttempt > 0 ? 1 : 0), RunEventKind.UNKNOWN, 0);
            case RELEASED ->
                attempt == openAttempt
                        ? new RunHistory(highestAttempt, 0, brokenAttempts, RunEventKind.UNKNOWN, 0)
                        : this;
            case COMPLETED, STOPPED, DIVERGED, FAILED ->
                attempt < highestAttempt ? this : new RunHistory(attempt, 0, 0, event.getKind(), event.getTimeMillis());
            case CHECKPOINTED, UNKNOWN -> this;
        };
    }

    /**
     * Whether nothing is left to do for a request of this time. A run that failed may be asked for again: a request made
     * after the failure is a new one.
     */
    boolean settles(long submittedMillis) {
        return switch (ending) {
            case COMPLETED, STOPPED, DIVERGED -> true;
            case FAILED -> submittedMillis <= endedMillis;
            default -> false;
        };
    }

    /** Attempts that broke, the open one among them: whoever asks has its request now, so its trainer is gone. */
    int broken() {
        return brokenAttempts + (openAttempt > 0 ? 1 : 0);
    }
}
