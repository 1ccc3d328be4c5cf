package io.couplet.trainer.worker;

import io.couplet.schemas.avro.RunEvent;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the events of a run add up to, in the order in which the topic has them. Events seen twice count once.
 *
 * @param attempts the highest attempt seen; 0 for none
 * @param claim who has claimed that number: of several the first in the topic; null where nobody said
 * @param open attempts that were claimed or started and neither ended nor were released, each with the offset of the request it works off; {@link #UNTOLD} where its
 *     trainer did not say
 * @param ended whether the run is over
 * @param againMillis after which time it may be asked for again, milliseconds since the epoch: when it failed or was paused; 0 unless that is how it ended
 */
record RunHistory(int attempts, @Nullable String claim, Map<Integer, Long> open, boolean ended, long againMillis) {

    static final RunHistory NONE = new RunHistory(0, null, Map.of(), false, 0);

    static final long UNTOLD = -1;

    RunHistory {
        open = Map.copyOf(open);
    }

    RunHistory plus(RunEvent event) {
        return switch (event.getKind()) {
            case PREPARING -> event.getAttempt() > attempts && !isOverForGood() ? taken(event, event.getClaim()) : this;
            case STARTED, RESUMED -> started(event);
            case RELEASED -> closed(event);
            case STOPPED -> event.getPaused() ? mayComeAgain(event) : over(event);
            case COMPLETED, DIVERGED -> over(event);
            case FAILED -> isOverForGood() ? this : mayComeAgain(event);
            case CHECKPOINTED, UNKNOWN -> this;
        };
    }

    /** A later attempt, which takes up a run that failed or was paused. */
    private RunHistory taken(RunEvent event, @Nullable String by) {
        int attempt = event.getAttempt();
        return againMillis > 0
                ? new RunHistory(attempt, by, Map.of(attempt, offset(event)), false, 0)
                : new RunHistory(attempt, by, with(attempt, offset(event)), ended, againMillis);
    }

    private RunHistory started(RunEvent event) {
        int attempt = event.getAttempt();
        return attempt > attempts
                ? taken(event, null)
                : new RunHistory(attempts, claim, with(attempt, offset(event)), ended, againMillis);
    }

    private RunHistory closed(RunEvent event) {
        return new RunHistory(
                Math.max(attempts, event.getAttempt()),
                claimAfter(event),
                without(event.getAttempt()),
                ended,
                againMillis);
    }

    /** An end that is heard of late, when a later attempt has taken the run up, says nothing of that one. */
    private RunHistory over(RunEvent event) {
        return event.getAttempt() < attempts
                ? closed(event)
                : new RunHistory(event.getAttempt(), claimAfter(event), without(event.getAttempt()), true, 0);
    }

    private RunHistory mayComeAgain(RunEvent event) {
        return event.getAttempt() < attempts
                ? closed(event)
                : new RunHistory(
                        event.getAttempt(), claimAfter(event), Map.of(), true, Math.max(1, event.getTimeMillis()));
    }

    private @Nullable String claimAfter(RunEvent event) {
        return event.getAttempt() > attempts ? null : claim;
    }

    private static long offset(RunEvent event) {
        return event.getRequestOffset() == null ? UNTOLD : event.getRequestOffset();
    }

    /** Whether nobody may ask for it again. */
    boolean isOverForGood() {
        return ended && againMillis == 0;
    }

    /**
     * Whether nothing is left to do for a request submitted at a time. A run that failed or was paused may be asked for again: a
     * request made after that is trained.
     */
    boolean settles(long submittedMillis) {
        return isOverForGood() || (ended && submittedMillis <= againMillis);
    }

    /**
     * Whether the newest attempt works off an earlier record of the queue than this one. That record is with its trainer, or comes up again when the trainer dies, so
     * this one is one too many.
     *
     * @param firstRequest offset of the oldest request that the queue still has: what came before it does not come up again
     */
    boolean isWorkedOffByAnother(long requestOffset, long firstRequest) {
        Long offset = open.get(attempts);
        return offset != null && offset != UNTOLD && offset >= firstRequest && offset < requestOffset;
    }

    /** Whether the newest attempt is open, and works off this record of the queue. */
    boolean worksOff(long requestOffset) {
        Long offset = open.get(attempts);
        return offset != null && offset == requestOffset;
    }

    /** Whether the number of the newest attempt is this claim's. */
    boolean isClaimedBy(String whose) {
        return whose.equals(claim);
    }

    /** Attempts that a request which comes up again must have lost to dying trainers. */
    int broken() {
        return ended ? 0 : open.size();
    }

    private Map<Integer, Long> with(int attempt, long offset) {
        Map<Integer, Long> more = new TreeMap<>(open);
        more.put(attempt, offset);
        return more;
    }

    private Map<Integer, Long> without(int attempt) {
        Map<Integer, Long> fewer = new TreeMap<>(open);
        fewer.remove(attempt);
        return fewer;
    }
}
