package io.couplet.view.model;

import org.jspecify.annotations.Nullable;

/**
 * A study in one line.
 *
 * @param id the study
 * @param name as its author wrote it
 * @param backbones columns of the grid
 * @param optimizers rows of the grid
 * @param runsExpected runs that were asked for, over all submissions
 * @param waiting runs not begun
 * @param running runs under way
 * @param completed runs that used their budget
 * @param stopped runs ended early
 * @param paused runs that may be taken up again
 * @param diverged runs that diverged
 * @param failed runs that failed
 * @param progress share of the budget that is done, ended runs counting whole, in [0, 1]
 * @param deviceSeconds device seconds of all runs
 * @param etaSeconds about how long the rest takes at the present pace; null while unknown, and when all has ended
 * @param firstMillis time of the study's first record
 * @param newestMillis time of its newest record
 */
public record StudySummary(
        String id,
        String name,
        int backbones,
        int optimizers,
        int runsExpected,
        int waiting,
        int running,
        int completed,
        int stopped,
        int paused,
        int diverged,
        int failed,
        double progress,
        double deviceSeconds,
        @Nullable Double etaSeconds,
        long firstMillis,
        long newestMillis) {

    /** Runs that have ended, however. */
    public int ended() {
        return completed + stopped + paused + diverged + failed;
    }

    /** Whether every run that was asked for has ended. */
    public boolean finished() {
        return runsExpected > 0 && ended() >= runsExpected;
    }
}
