package io.couplet.view.alerts;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.RunEvent;

/**
 * A run's newest signs of life.
 *
 * @param attempt newest attempt
 * @param training whether it is under way
 * @param ended whether it has ended for good
 * @param step newest step known
 * @param millis time of the newest sign, milliseconds since the epoch
 * @param gapMillis usual time between two steps; 0 while unknown
 * @param origin record of the newest sign
 */
record Pulse(
        RunId run,
        int attempt,
        boolean training,
        boolean ended,
        int step,
        long millis,
        double gapMillis,
        Alert.Origin origin) {

    private static final double NEWEST = 0.3;
    private static final int GAPS = 10;

    static Pulse none(RunId run, Alert.Origin origin) {
        return new Pulse(run, 0, false, false, 0, 0, 0, origin);
    }

    /** After an event of the run; one of a superseded attempt changes nothing. */
    Pulse plus(RunEvent event, Alert.Origin from) {
        if (event.getAttempt() < attempt) {
            return this;
        }
        return switch (event.getKind()) {
            case STARTED, RESUMED, CHECKPOINTED ->
                new Pulse(
                        run,
                        event.getAttempt(),
                        true,
                        false,
                        event.getStep(),
                        Math.max(millis, event.getTimeMillis()),
                        gapMillis,
                        from);
            case COMPLETED, STOPPED, DIVERGED, FAILED ->
                new Pulse(
                        run, event.getAttempt(), false, true, event.getStep(), event.getTimeMillis(), gapMillis, from);
            case RELEASED ->
                new Pulse(
                        run, event.getAttempt(), false, false, event.getStep(), event.getTimeMillis(), gapMillis, from);
            case UNKNOWN -> this;
        };
    }

    /** After a score, which tells of the newest step. */
    Pulse plus(ConvergenceScore score, Alert.Origin from) {
        if (score.getAttempt() < attempt || score.getTimeMillis() <= millis) {
            return this;
        }
        int steps = score.getStep() - step;
        double gap = steps > 0 && millis > 0 ? (score.getTimeMillis() - millis) / (double) steps : gapMillis;
        return new Pulse(
                run,
                attempt,
                training,
                ended,
                Math.max(step, score.getStep()),
                score.getTimeMillis(),
                gapMillis == 0 ? gap : gapMillis + NEWEST * (gap - gapMillis),
                from);
    }

    /** After any other sign of the attempt. */
    Pulse seen(int byAttempt, long timeMillis, Alert.Origin from) {
        return byAttempt < attempt || timeMillis <= millis
                ? this
                : new Pulse(run, attempt, training, ended, step, timeMillis, gapMillis, from);
    }

    /** From when on it counts as stalled: ten usual gaps after its newest sign, and never sooner than the least silence. */
    long stalledFrom(long leastSilenceMillis) {
        return millis + Math.max(leastSilenceMillis, Math.round(GAPS * gapMillis));
    }
}
