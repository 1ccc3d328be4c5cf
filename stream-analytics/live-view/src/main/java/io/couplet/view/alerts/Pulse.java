package io.couplet.view.alerts;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;

/**
 * A run's newest signs of life.
 *
 * @param attempt newest attempt
 * @param training whether it is under way
 * @param over whether the newest attempt has ended, and was not handed back
 * @param againMillis when it ended, if it failed or was paused, so that it may be asked for again; 0 otherwise
 * @param askedMillis when it was asked for last; 0 while unknown
 * @param step newest step known
 * @param millis time of the newest sign, milliseconds since the epoch
 * @param gapMillis usual time between two steps; 0 while unknown
 * @param origin record of the newest sign
 */
record Pulse(
        RunId run,
        int attempt,
        boolean training,
        boolean over,
        long againMillis,
        long askedMillis,
        int step,
        long millis,
        double gapMillis,
        Alert.Origin origin) {

    private static final double NEWEST = 0.3;
    private static final int GAPS = 10;

    static Pulse none(RunId run, Alert.Origin origin) {
        return new Pulse(run, 0, false, false, 0, 0, 0, 0, 0, origin);
    }

    /** Whether it has ended, and nobody has asked for it since. */
    boolean ended() {
        return over && !(againMillis > 0 && askedMillis > againMillis);
    }

    /** After a request, which may be read before or behind the events it follows. */
    Pulse asked(long submittedMillis) {
        return new Pulse(
                run,
                attempt,
                training,
                over,
                againMillis,
                Math.max(askedMillis, submittedMillis),
                step,
                millis,
                gapMillis,
                origin);
    }

    /** After an event of the run; one of a superseded attempt changes nothing. */
    Pulse plus(RunEvent event, Alert.Origin from) {
        if (event.getAttempt() < attempt) {
            return this;
        }
        return switch (event.getKind()) {
            case STARTED, RESUMED, CHECKPOINTED ->
                after(event, true, false, Math.max(millis, event.getTimeMillis()), from);
            case COMPLETED, STOPPED, DIVERGED, FAILED -> after(event, false, true, event.getTimeMillis(), from);
            case RELEASED -> after(event, false, false, event.getTimeMillis(), from);
            case UNKNOWN, PREPARING -> this;
        };
    }

    private Pulse after(RunEvent event, boolean isTraining, boolean isOver, long atMillis, Alert.Origin from) {
        boolean mayComeAgain = event.getKind() == RunEventKind.FAILED || event.getPaused();
        return new Pulse(
                run,
                event.getAttempt(),
                isTraining,
                isOver,
                isOver && mayComeAgain ? Math.max(1, event.getTimeMillis()) : 0,
                askedMillis,
                event.getStep(),
                atMillis,
                gapMillis,
                from);
    }

    /** After a score, which tells of the newest step. */
    Pulse plus(ConvergenceScore score, Alert.Origin from) {
        if (score.getAttempt() < attempt || score.getTimeMillis() <= millis) {
            return this;
        }
        int steps = score.getStep() - step;
        double gap = steps > 0 && millis > 0 ? (score.getTimeMillis() - millis) / (double) steps : gapMillis;
        return heard(
                Math.max(step, score.getStep()),
                score.getTimeMillis(),
                gapMillis == 0 ? gap : gapMillis + NEWEST * (gap - gapMillis),
                from);
    }

    /** After any other sign of the attempt. */
    Pulse seen(int byAttempt, long timeMillis, Alert.Origin from) {
        return byAttempt < attempt || timeMillis <= millis ? this : heard(step, timeMillis, gapMillis, from);
    }

    private Pulse heard(int atStep, long atMillis, double gap, Alert.Origin from) {
        return new Pulse(run, attempt, training, over, againMillis, askedMillis, atStep, atMillis, gap, from);
    }

    /**
     * From when on it counts as stalled: ten usual gaps after its newest sign, and never sooner than the least silence.
     *
     * @param countedFromMillis silence before that may be somebody else's, and does not count
     */
    long stalledFrom(long leastSilenceMillis, long countedFromMillis) {
        return Math.max(millis, countedFromMillis) + Math.max(leastSilenceMillis, Math.round(GAPS * gapMillis));
    }
}
