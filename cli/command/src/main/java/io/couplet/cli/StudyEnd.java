package io.couplet.cli;

import io.couplet.view.model.StudySnapshot;
import java.time.Duration;

/**
 * When a study that is watched is over: when it is scored; one that nobody requested, of which nobody knows what is to come, some seconds after its last run has ended, so that scores which are
 * under way are seen.
 */
final class StudyEnd {

    static final Duration TIME_FOR_SCORES = Duration.ofSeconds(5);

    private boolean finished;
    private long finishedNanos;

    boolean isReached(StudySnapshot study, long nowNanos) {
        if (study.settings() != null) {
            return study.scored();
        }
        if (!study.summary().finished()) {
            finished = false;
            return false;
        }
        if (!finished) {
            finished = true;
            finishedNanos = nowNanos;
        }
        return nowNanos - finishedNanos >= TIME_FOR_SCORES.toNanos();
    }
}
