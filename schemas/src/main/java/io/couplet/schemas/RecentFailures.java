package io.couplet.schemas;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;

/** How often a service's reader failed of late: it is replaced a few times, and what failed months ago says nothing about now. */
public final class RecentFailures {

    /** So many failures within {@link #WINDOW} are made good by a new reader; one more ends the service. */
    public static final int REPLACEMENTS = 3;

    /** Longer than it takes to give up on a schema registry four times, so that one that stays away is told. */
    public static final Duration WINDOW = Duration.ofMinutes(20);

    private final InstantSource clock;
    private final ArrayDeque<Long> millis = new ArrayDeque<>();

    public RecentFailures(InstantSource clock) {
        this.clock = clock;
    }

    /** Takes in that it failed now; how often it did within the window, this time included. */
    public synchronized int add() {
        long now = clock.millis();
        millis.add(now);
        millis.removeIf(at -> at <= now - WINDOW.toMillis());
        return millis.size();
    }

    /** The sentence for the last of them: what lies at the bottom of it, and how often; a schema registry that is away says it in its own words. */
    public static String told(String service, int recently, Throwable cause) {
        Throwable root = cause;
        while (root.getCause() != null && !(root instanceof SchemaRegistryException)) {
            root = root.getCause();
        }
        String message = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
        String line = message.replaceAll("\\s*\\R\\s*", " ");
        return root instanceof SchemaRegistryException
                ? line
                : service + " failed " + recently + " times within " + WINDOW.toMinutes()
                        + " minutes, the last time with: " + line;
    }
}
