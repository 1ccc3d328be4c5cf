package io.couplet.producers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * Settings of a {@link MetricPublisher}.
 *
 * @param bootstrapServers where Kafka is, {@code host:port,…}
 * @param clientProperties further properties of the Kafka client, e.g. TLS and SASL; what would weaken the delivery
 *     guarantees is overridden
 * @param spoolDirectory where records wait while Kafka is away; one publisher at a time may have it
 * @param queueBytes memory for records that are neither sent nor spooled yet, at least 1,024
 * @param inFlightBytes memory for records that are sent and not acknowledged yet, at least 1,024
 * @param spoolBytes disk space for the spool
 * @param awayAfter without any acknowledgement for so long, Kafka counts as away and records go to the disk
 * @param closeWithin how long {@link MetricPublisher#close} waits for acknowledgements
 */
public record PublisherSettings(
        String bootstrapServers,
        Map<String, String> clientProperties,
        Path spoolDirectory,
        int queueBytes,
        int inFlightBytes,
        long spoolBytes,
        Duration awayAfter,
        Duration closeWithin) {

    public PublisherSettings {
        clientProperties = Map.copyOf(clientProperties);
        requireAtLeast("queueBytes", queueBytes, 1_024);
        requireAtLeast("inFlightBytes", inFlightBytes, 1_024);
        requireAtLeast("spoolBytes", spoolBytes, 0);
        if (awayAfter.isNegative() || awayAfter.isZero()) {
            throw new IllegalArgumentException("awayAfter must be positive, was " + awayAfter);
        }
        if (closeWithin.isNegative()) {
            throw new IllegalArgumentException("closeWithin must not be negative, was " + closeWithin);
        }
    }

    /** 16 MiB of queue, 8 MiB in flight, 4 GiB of spool; away after 2 s, closed within 10 s. */
    public static PublisherSettings of(
            String bootstrapServers, Map<String, String> clientProperties, Path spoolDirectory) {
        return new PublisherSettings(
                bootstrapServers,
                clientProperties,
                spoolDirectory,
                16 << 20,
                8 << 20,
                4L << 30,
                Duration.ofSeconds(2),
                Duration.ofSeconds(10));
    }

    /** The same with other bounds of memory. */
    public PublisherSettings withMemory(int newQueueBytes, int newInFlightBytes) {
        return new PublisherSettings(
                bootstrapServers,
                clientProperties,
                spoolDirectory,
                newQueueBytes,
                newInFlightBytes,
                spoolBytes,
                awayAfter,
                closeWithin);
    }

    /** The same with another bound of the spool. */
    public PublisherSettings withSpoolBytes(long newSpoolBytes) {
        return new PublisherSettings(
                bootstrapServers,
                clientProperties,
                spoolDirectory,
                queueBytes,
                inFlightBytes,
                newSpoolBytes,
                awayAfter,
                closeWithin);
    }

    /** The same with other waiting times. */
    public PublisherSettings withPatience(Duration newAwayAfter, Duration newCloseWithin) {
        return new PublisherSettings(
                bootstrapServers,
                clientProperties,
                spoolDirectory,
                queueBytes,
                inFlightBytes,
                spoolBytes,
                newAwayAfter,
                newCloseWithin);
    }

    private static void requireAtLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ", was " + value);
        }
    }
}
