package io.couplet.view;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;

/** How often something failed of late: what failed months ago says nothing about now. */
final class RecentFailures {

    private final Duration window;
    private final InstantSource clock;
    private final ArrayDeque<Long> millis = new ArrayDeque<>();

    RecentFailures(Duration window, InstantSource clock) {
        this.window = window;
        this.clock = clock;
    }

    /** Takes in that it failed now; how often it did within the window, this time included. */
    synchronized int add() {
        long now = clock.millis();
        millis.add(now);
        millis.removeIf(at -> at <= now - window.toMillis());
        return millis.size();
    }
}
