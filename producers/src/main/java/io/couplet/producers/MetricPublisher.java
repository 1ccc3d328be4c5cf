package io.couplet.producers;

import io.couplet.schemas.Topic;
import io.couplet.schemas.WireFormat;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends records to Kafka without ever holding up whoever makes them: asynchronously, idempotently, acknowledged by all
 * in-sync replicas, within bounded memory. While Kafka is away, or slower than the records come, they go to a spool on
 * the local disk, and from there to Kafka when it is back, before newer ones: the order of each key is kept. What a
 * former process left in the spool is sent first.
 *
 * <p>The accounting identity, for every key and in total, at any time:
 *
 * <pre>emitted = acknowledged + spooled + inFlight + lost</pre>
 *
 * and after {@link #flush}, also when Kafka is away, {@code emitted = acknowledged + spooled}. Only a disk that takes
 * nothing while Kafka is away, or a record that Kafka refuses for its own sake (too large, or of a time that the topic does not take), makes {@code lost} more than
 * zero, and each time it is logged as an error.
 *
 * <p>Kafka holds each record once as long as this process lives. A process killed while records were spooled leaves up
 * to a file of the spool (a megabyte) that may be sent a second time; (runId, attempt, step) tells such copies.
 *
 * <p>Safe for use by several threads.
 */
public final class MetricPublisher implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MetricPublisher.class);

    private final Backlog backlog;
    private final Thread thread;
    private final InstantSource clock;
    private final PublisherSettings settings;
    private final WireFormat format;
    private final AtomicLong lostLogged = new AtomicLong();
    private @Nullable PublisherMeters meters;
    private volatile boolean closed;

    private MetricPublisher(
            PublisherSettings settings,
            InstantSource clock,
            WireFormat format,
            Spool spool,
            Supplier<Producer<String, byte[]>> producers) {
        this.settings = settings;
        this.format = format;
        this.clock = clock;
        this.backlog = new Backlog(settings, spool.inheritedRecords());
        this.thread = new Thread(new Delivery(backlog, spool, producers, producers.get()), "couplet-publisher");
        this.thread.setDaemon(true);
    }

    /**
     * Opens a publisher; Kafka need not be there yet, but a schema registry, if one is named.
     *
     * @throws IOException when the spool directory cannot be written or is in use, in a sentence with the fix
     * @throws org.apache.kafka.common.KafkaException when the client properties make no producer, or a schema registry is named that is
     *     away or lacks a schema
     */
    public static MetricPublisher open(PublisherSettings settings, InstantSource clock) throws IOException {
        Map<String, Object> properties = producerProperties(settings);
        return open(settings, clock, () -> new KafkaProducer<>(properties));
    }

    /** The same, with its counts by topic and its producer's metrics in a registry. */
    public static MetricPublisher open(PublisherSettings settings, InstantSource clock, MeterRegistry registry)
            throws IOException {
        Map<String, Object> properties = producerProperties(settings);
        PublisherMeters meters = new PublisherMeters(registry);
        MetricPublisher publisher =
                open(settings, clock, () -> meters.measured(new KafkaProducer<String, byte[]>(properties)));
        publisher.meters = meters;
        meters.bind(publisher.backlog);
        return publisher;
    }

    /**
     * The same over other producers, such as one that sends to nobody.
     *
     * @param producers makes the first one and each that takes the place of a broken one
     */
    public static MetricPublisher open(
            PublisherSettings settings, InstantSource clock, Supplier<Producer<String, byte[]>> producers)
            throws IOException {
        WireFormat format = WireFormat.of(settings.clientProperties());
        Spool spool = Spool.open(settings.spoolDirectory(), settings.spoolBytes());
        MetricPublisher publisher;
        try {
            publisher = new MetricPublisher(settings, clock, format, spool, producers);
        } catch (RuntimeException e) {
            spool.close();
            throw e;
        }
        if (publisher.inherited().emitted() > 0) {
            LOG.info(
                    "{} records that a former process left in {} are sent first",
                    publisher.inherited().emitted(),
                    settings.spoolDirectory());
        }
        publisher.thread.start();
        return publisher;
    }

    private static Map<String, Object> producerProperties(PublisherSettings settings) {
        Map<String, Object> properties = producerProperties(settings.bootstrapServers(), settings.clientProperties());
        properties.put(ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(32L << 20, 4L * settings.inFlightBytes()));
        return properties;
    }

    /** The producer's properties: ours that are a matter of taste, the user's, ours that the guarantees rest on. */
    static Map<String, Object> producerProperties(String bootstrapServers, Map<String, String> clientProperties) {
        Map<String, Object> properties = new LinkedHashMap<>();
        properties.put(ProducerConfig.LINGER_MS_CONFIG, 5);
        properties.put(ProducerConfig.BATCH_SIZE_CONFIG, 128 << 10); // one request at a time, so larger ones
        properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        properties.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1_000);
        properties.putAll(clientProperties);

        Map<String, Object> guarantees = new LinkedHashMap<>();
        guarantees.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        guarantees.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        guarantees.put(ProducerConfig.ACKS_CONFIG, "all");
        guarantees.put(ProducerConfig.RETRIES_CONFIG, Integer.MAX_VALUE);
        // A record never expires in the producer: one that did could be overtaken by the next of its key.
        guarantees.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
        // With more than one on the way a broker that has just come back may take the second batch of a partition it
        // has no producer state of, and refuse the first one for ever (KAFKA-15591); and after a clean restart it
        // knows the last batch only, so of several whose answers were lost all but one would be doubled.
        guarantees.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        guarantees.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 500);
        guarantees.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class);
        guarantees.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        guarantees.forEach((name, value) -> {
            Object given = properties.put(name, value);
            if (given != null && !given.toString().equals(value.toString())) {
                LOG.warn("{}={} of the Kafka properties is not used: delivery needs {}", name, given, value);
            }
        });
        if (properties.remove(ProducerConfig.TRANSACTIONAL_ID_CONFIG) != null) {
            LOG.warn("{} of the Kafka properties is not used", ProducerConfig.TRANSACTIONAL_ID_CONFIG);
        }
        return properties;
    }

    /**
     * Sends a record, some time soon. Waits only while the queue is full, that is as long as the local disk takes to
     * write some of it, and never longer than ten seconds; after that the record is counted as lost.
     *
     * @param key the record's key; records of one key stay in order
     * @throws org.apache.kafka.common.errors.SerializationException when the record lacks a required field; it is not
     *     counted as emitted
     * @throws IllegalStateException when the publisher is closed or {@link #hasEnded has ended}
     */
    public <T extends SpecificRecord> void publish(Topic<T> topic, String key, T record) {
        byte[] value = format.encode(topic, record);
        if (!backlog.emit(topic.name(), key, value, clock.millis())) {
            tellLoss(topic.name(), key);
        }
    }

    private void tellLoss(String topic, String key) {
        long lost = lostLogged.incrementAndGet();
        if (Long.bitCount(lost) == 1) { // the 1st, 2nd, 4th, 8th, …: loud, but not louder than the disk can bear
            LOG.error(
                    "LOST: a record of {} for {}, {} in all: Kafka is away and the spool {} takes nothing",
                    key,
                    topic,
                    lost,
                    settings.spoolDirectory());
        }
    }

    /**
     * Whether it has ended though nobody closed it, as when memory ran out: nothing more is sent, what could be is in the spool, and each {@link #publish} throws. The log
     * says why.
     */
    public boolean hasEnded() {
        return !closed && !thread.isAlive();
    }

    /** Counts of all records handed to this publisher. */
    public Counts counts() {
        return backlog.counts();
    }

    /** Counts of the records with one key, a run id mostly; all zero for a key never seen. */
    public Counts counts(String key) {
        return backlog.counts(key);
    }

    /** Counts of the records that a former process left in the spool; they are in none of the other counts. */
    public Counts inherited() {
        return backlog.inherited();
    }

    /**
     * Waits until Kafka has acknowledged all records handed over before the call. When the time is over first, the rest
     * is written to the disk (which may take a moment more), so that nothing is in memory only.
     *
     * @return whether all is acknowledged; false also when any record was lost
     */
    public boolean flush(Duration timeout) throws InterruptedException {
        return backlog.flush(timeout.toNanos());
    }

    /**
     * The same for the records of one key: whether Kafka has acknowledged all that were handed over before the call, but for those that are lost, which are waited for no longer.
     *
     * @return false when the time is over first; what is not acknowledged is then on the disk, or, where {@link #counts} still has some in flight, in memory only
     */
    public boolean flush(String key, Duration timeout) throws InterruptedException {
        long emitted = counts(key).emitted();
        flush(timeout);
        Counts counts = counts(key);
        return counts.acknowledged() + counts.lost() >= emitted;
    }

    /** Sends what can be sent within the time set for it, spools the rest and ends. Closing twice is closing once. */
    @Override
    public void close() {
        closed = !hasEnded();
        boolean interrupted = false;
        try {
            backlog.flush(settings.closeWithin().toNanos());
        } catch (InterruptedException e) {
            interrupted = true;
        }
        backlog.stop();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(20));
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (meters != null) {
            meters.close();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
