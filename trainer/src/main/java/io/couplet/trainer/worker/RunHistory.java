package io.couplet.trainer.worker;

import io.couplet.schemas.avro.RunEvent;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the events of a run add up to. Events seen twice count once.
 *
 * @param attempts the highest attempt seen; 0 for none
 * @param open attempts that started and neither ended nor were released, each with the offset of the request it works off; {@link #UNTOLD} where its trainer did not
 *     say. Of two that began under one number the request that came first has it
 * @param ended whether the run is over
 * @param againMillis after which time it may be asked for again, milliseconds since the epoch: when it failed or was paused; 0 unless that is how it ended
 */
record RunHistory(int attempts, Map<Integer, Long> open, boolean ended, long againMillis) {

    static final RunHistory NONE = new RunHistory(0, Map.of(), false, 0);

    static final long UNTOLD = -1;

    RunHistory {
        open = Map.copyOf(open);
    }

    RunHistory plus(RunEvent event) {
        int attempt = event.getAttempt();
        int highest = Math.max(attempts, attempt);
        return switch (event.getKind()) {
            case STARTED, RESUMED ->
                attempt > attempts && againMillis > 0
                        ? new RunHistory(highest, Map.of(attempt, offset(event)), false, 0)
                        : new RunHistory(highest, with(attempt, offset(event)), ended, againMillis);
            case RELEASED -> new RunHistory(highest, without(attempt), ended, againMillis);
            case STOPPED -> event.getPaused() ? paused(event) : new RunHistory(highest, without(attempt), true, 0);
            case COMPLETED, DIVERGED -> new RunHistory(highest, without(attempt), true, 0);
            case FAILED -> ended && againMillis == 0 ? this : failed(event);
            case CHECKPOINTED, UNKNOWN -> new RunHistory(highest, open, ended, againMillis);
        };
    }

    /** Of an attempt that a later one has superseded, it says nothing of that one. */
    private RunHistory failed(RunEvent event) {
        return event.getAttempt() < attempts
                ? new RunHistory(attempts, without(event.getAttempt()), ended, againMillis)
                : new RunHistory(event.getAttempt(), Map.of(), true, Math.max(1, event.getTimeMillis()));
    }

    /** A pause that is heard of late, when a later attempt has taken the run up, says nothing of that one. */
    private RunHistory paused(RunEvent event) {
        return event.getAttempt() < attempts
                ? new RunHistory(attempts, without(event.getAttempt()), ended, againMillis)
                : new RunHistory(
                        event.getAttempt(), without(event.getAttempt()), true, Math.max(1, event.getTimeMillis()));
    }

    private static long offset(RunEvent event) {
        return event.getRequestOffset() == null ? UNTOLD : event.getRequestOffset();
    }

    /**
     * Whether nothing is left to do for a request submitted at a time. A run that failed or was paused may be asked for again: a
     * request made after that is trained.
     */
    boolean settles(long submittedMillis) {
        return ended && (againMillis == 0 || submittedMillis <= againMillis);
    }

    /**
     * Whether the newest attempt works off another record of the queue than this one. That record is with its trainer, or comes up again when the trainer dies, so
     * this one is one too many.
     */
    boolean isWorkedOffByAnother(long requestOffset) {
        Long offset = open.get(attempts);
        return offset != null && offset != UNTOLD && offset != requestOffset;
    }

    /** Whether an attempt at this request must leave the run to another one: a later one, or one of the same number whose request came first. */
    boolean isTakenFrom(int attempt, long requestOffset) {
        return attempts > attempt || isWorkedOffByAnother(requestOffset);
    }

    /** Attempts that a request which comes up again must have lost to dying trainers. */
    int broken() {
        return ended ? 0 : open.size();
    }

    private Map<Integer, Long> with(int attempt, long offset) {
        Map<Integer, Long> more = new TreeMap<>(open);
        more.merge(attempt, offset, Math::min);
        return more;
    }

    private Map<Integer, Long> without(int attempt) {
        Map<Integer, Long> fewer = new TreeMap<>(open);
        fewer.remove(attempt);
        return fewer;
    }
}
