package io.couplet.view;

import io.couplet.schemas.SchemaRegistryException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries again while the schema registry is away: it restarts within seconds, and a record whose schema was not met before is no bad record. Ends early when the
 * view closes.
 */
final class RegistryPatience {

    private static final Logger LOG = LoggerFactory.getLogger(RegistryPatience.class);

    private final Duration pause;
    private final Duration longest;
    private final CountDownLatch closing = new CountDownLatch(1);

    /**
     * @param pause between two tries
     * @param longest for one record
     */
    RegistryPatience(Duration pause, Duration longest) {
        this.pause = pause;
        this.longest = longest;
    }

    /** @throws SchemaRegistryException when the registry stays away */
    void until(Runnable taken) {
        long began = System.nanoTime();
        for (boolean first = true; ; first = false) {
            try {
                taken.run();
                return;
            } catch (SchemaRegistryException e) {
                if (first) {
                    LOG.warn("The view waits for the schema registry: {}", e.getMessage());
                }
                if (System.nanoTime() - began > longest.toNanos() || closesWithinThePause()) {
                    throw e;
                }
            }
        }
    }

    private boolean closesWithinThePause() {
        try {
            return closing.await(pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Whoever waits gives up. */
    void end() {
        closing.countDown();
    }
}
