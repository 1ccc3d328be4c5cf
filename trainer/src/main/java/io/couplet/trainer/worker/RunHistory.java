package io.couplet.trainer.worker;

import io.couplet.schemas.avro.RunEvent;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the events of a run add up to. Events seen twice count once.
 *
 * @param attempts the highest attempt seen; 0 for none
 * @param open attempts that started and neither ended nor were released
 * @param ended whether the run is over
 * @param failedMillis when it failed, milliseconds since the epoch; 0 unless that is how it ended
 */
record RunHistory(int attempts, Set<Integer> open, boolean ended, long failedMillis) {

    static final RunHistory NONE = new RunHistory(0, Set.of(), false, 0);

    RunHistory {
        open = Set.copyOf(open);
    }

    RunHistory plus(RunEvent event) {
        int attempt = event.getAttempt();
        int highest = Math.max(attempts, attempt);
        return switch (event.getKind()) {
            case STARTED, RESUMED ->
                attempt > attempts && failedMillis > 0
                        ? new RunHistory(highest, Set.of(attempt), false, 0)
                        : new RunHistory(highest, with(attempt), ended, failedMillis);
            case RELEASED -> new RunHistory(highest, without(attempt), ended, failedMillis);
            case COMPLETED, STOPPED, DIVERGED -> new RunHistory(highest, without(attempt), true, 0);
            case FAILED ->
                ended && failedMillis == 0
                        ? this
                        : new RunHistory(highest, Set.of(), true, Math.max(1, event.getTimeMillis()));
            case CHECKPOINTED, UNKNOWN -> new RunHistory(highest, open, ended, failedMillis);
        };
    }

    /**
     * Whether nothing is left to do for a request submitted at a time. A run that failed may be asked for again: a request
     * made after the failure is trained.
     */
    boolean settles(long submittedMillis) {
        return ended && (failedMillis == 0 || submittedMillis <= failedMillis);
    }

    /** Attempts that a request which comes up again must have lost to dying trainers. */
    int broken() {
        return ended ? 0 : open.size();
    }

    private Set<Integer> with(int attempt) {
        Set<Integer> more = new TreeSet<>(open);
        more.add(attempt);
        return more;
    }

    private Set<Integer> without(int attempt) {
        Set<Integer> fewer = new TreeSet<>(open);
        fewer.remove(attempt);
        return fewer;
    }
}
