package io.couplet.trainer.worker;

import io.couplet.schemas.avro.RunEvent;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the events of a run add up to. Events seen twice count once.
 *
 * @param attempts the highest attempt seen; 0 for none
 * @param open attempts that started and neither ended nor were released
 * @param ended whether the run is over for good
 */
record RunHistory(int attempts, Set<Integer> open, boolean ended) {

    static final RunHistory NONE = new RunHistory(0, Set.of(), false);

    RunHistory {
        open = Set.copyOf(open);
    }

    RunHistory plus(RunEvent event) {
        Set<Integer> stillOpen = new TreeSet<>(open);
        boolean over = ended;
        switch (event.getKind()) {
            case STARTED, RESUMED -> stillOpen.add(event.getAttempt());
            case RELEASED -> stillOpen.remove(event.getAttempt());
            case COMPLETED, STOPPED, DIVERGED, FAILED -> {
                stillOpen.remove(event.getAttempt());
                over = true;
            }
            case CHECKPOINTED, UNKNOWN -> {
                // Neither begins nor ends an attempt.
            }
        }
        return new RunHistory(Math.max(attempts, event.getAttempt()), stillOpen, over);
    }
}
