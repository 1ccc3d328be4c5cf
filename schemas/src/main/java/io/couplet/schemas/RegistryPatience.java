package io.couplet.schemas;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries again while the schema registry is away: it restarts within seconds, and a record whose schema was not met before is no bad record. Ends early when its
 * service closes.
 */
public final class RegistryPatience {

    private static final Logger LOG = LoggerFactory.getLogger(RegistryPatience.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    /** Shorter than Kafka waits for a consumer's next poll, which is five minutes. */
    private static final Duration LONGEST = Duration.ofMinutes(4);

    private final Duration pause;
    private final Duration longest;
    private final CountDownLatch closing = new CountDownLatch(1);

    /** One try a second, for four minutes a record. */
    public RegistryPatience() {
        this(PAUSE, LONGEST);
    }

    /**
     * With other times.
     *
     * @param pause between two tries
     * @param longest for one record
     */
    public RegistryPatience(Duration pause, Duration longest) {
        this.pause = pause;
        this.longest = longest;
    }

    /** A format whose values wait to be read; it still throws when the registry stays away. */
    public WireFormat over(WireFormat format) {
        return new WireFormat() {
            @Override
            public byte[] toKafka(String topic, byte[] singleObject) {
                return format.toKafka(topic, singleObject);
            }

            @Override
            public byte[] fromKafka(String topic, byte[] value) {
                return until(() -> format.fromKafka(topic, value));
            }

            @Override
            public int newestId(Topic<?> topic) {
                return format.newestId(topic);
            }
        };
    }

    private byte[] until(Supplier<byte[]> read) {
        long began = System.nanoTime();
        for (boolean first = true; ; first = false) {
            try {
                return read.get();
            } catch (SchemaRegistryException e) {
                if (first) {
                    LOG.warn("A record waits for the schema registry: {}", e.getMessage());
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
    public void end() {
        closing.countDown();
    }
}
