package io.couplet.view.alerts;

import io.couplet.schemas.KafkaRefusal;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.Topic;
import io.couplet.schemas.TopicAccess;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.view.LiveViewException;
import io.couplet.view.alerts.Alert.Origin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the topics from their beginning and knows how far they have been told. Up to there records only rebuild what is known; all of them are read before the
 * first one behind, so that whatever follows from records of both is told, and what follows from told ones alone is not told again. Belongs to one thread.
 */
final class AlertReader implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AlertReader.class);
    private static final List<Topic<?>> READ = List.of(
            Topics.RUN_REQUESTS, Topics.RUN_EVENTS, Topics.EVALUATIONS, Topics.CONVERGENCE_SCORES, Topics.RUN_COMMANDS);
    private static final Map<String, Topic<?>> BY_NAME =
            READ.stream().collect(Collectors.toUnmodifiableMap(Topic::name, Function.identity()));
    private static final Duration ANSWER = Duration.ofSeconds(5);
    /** Kafka forgets what a group has told seven days after the newest commit ({@code offsets.retention.minutes}). */
    private static final long COMMIT_AGAIN_MILLIS = Duration.ofDays(1).toMillis();

    private final Consumer<byte[], byte[]> consumer;
    private final WireFormat format;
    private final Map<TopicPartition, Long> told = new HashMap<>();
    private final Set<TopicPartition> rebuilding = new HashSet<>();
    private final List<Read> held = new ArrayList<>();
    private final List<Alert> found = new ArrayList<>();
    private final Map<String, Long> positions = new HashMap<>();
    private final List<TopicPartition> steps = new ArrayList<>();
    private Ends atStart = new Ends(Map.of(), 0);
    private boolean following;
    private Map<TopicPartition, OffsetAndMetadata> committed = Map.of();
    private long committedMillis;
    private long judgedUntil;

    /**
     * What one poll brought.
     *
     * @param alerts what is to be told, in order
     * @param unreadable records that could not be read
     * @param scored whether there was a score among the records
     * @param following whether everything that was there at the start has been read; before that, nothing is told
     */
    record Turn(List<Alert> alerts, int unreadable, boolean scored, boolean following) {}

    /**
     * Where the topics end at a moment.
     *
     * @param read behind the newest record of each partition that is read
     * @param steps training steps that were ever written
     */
    record Ends(Map<TopicPartition, Long> read, long steps) {}

    /**
     * A record that was read.
     *
     * @param record what it says; null when it says nothing, or cannot be read
     */
    private record Read(
            TopicPartition partition, long offset, @Nullable SpecificRecord record, boolean unreadable) {}

    AlertReader(Consumer<byte[], byte[]> consumer, WireFormat format) {
        this.consumer = consumer;
        this.format = format;
    }

    /** @throws LiveViewException in one sentence with the fix, when Kafka is away or a topic is missing */
    static AlertReader open(AlertSettings settings, long nowMillis) {
        Map<String, Object> properties = new HashMap<>(settings.clientProperties());
        properties.put("bootstrap.servers", settings.bootstrapServers());
        properties.put("default.api.timeout.ms", 15_000);
        properties.put("request.timeout.ms", 10_000);
        KafkaConsumer<byte[], byte[]> consumer = null;
        try {
            requireTopics(settings, properties);
            properties.put("group.id", settings.group());
            properties.put("enable.auto.commit", false);
            properties.put("auto.offset.reset", "earliest");
            properties.put("allow.auto.create.topics", false);
            consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            AlertReader reader = new AlertReader(consumer, WireFormat.of(settings.clientProperties()));
            reader.begin(settings, nowMillis);
            return reader;
        } catch (SchemaRegistryException e) {
            close(consumer);
            throw new LiveViewException(String.valueOf(e.getMessage()), e);
        } catch (KafkaException e) {
            close(consumer);
            throw new LiveViewException(
                    KafkaRefusal.sentence(settings.bootstrapServers(), e)
                            .orElse("Kafka at " + settings.bootstrapServers() + " cannot be read (" + e.getMessage()
                                    + "): check that it runs and that the address is right."),
                    e);
        } catch (LiveViewException e) {
            close(consumer);
            throw e;
        }
    }

    private static void requireTopics(AlertSettings settings, Map<String, Object> properties) {
        Optional<String> hindrance;
        try (Admin admin = Admin.create(properties)) {
            hindrance = TopicAccess.hindrance(
                    admin,
                    settings.bootstrapServers(),
                    READ.stream().map(Topic::name).toList(),
                    List.of(Topics.DEAD_LETTERS));
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new KafkaException(cause.getMessage(), cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LiveViewException("Interrupted while Kafka was asked for its topics: start again.", e);
        }
        if (hindrance.isPresent()) {
            throw new LiveViewException(hindrance.get());
        }
    }

    private static void close(@Nullable KafkaConsumer<byte[], byte[]> consumer) {
        if (consumer != null) {
            consumer.close();
        }
    }

    /** A group that has never told anything begins with what comes now. */
    void begin(AlertSettings settings, long nowMillis) {
        Map<String, List<PartitionInfo>> existing = consumer.listTopics();
        List<TopicPartition> partitions = READ.stream()
                .flatMap(topic -> partitions(existing, topic).stream())
                .toList();
        steps.addAll(partitions(existing, Topics.STEP_METRICS));
        consumer.assign(partitions);
        Map<TopicPartition, OffsetAndMetadata> before = new HashMap<>(consumer.committed(Set.copyOf(partitions)));
        before.values().removeIf(Objects::isNull);
        boolean first = before.isEmpty();
        atStart = ends();
        for (TopicPartition partition : partitions) {
            OffsetAndMetadata known = before.get(partition);
            long end = atStart.read().getOrDefault(partition, 0L);
            // A topic that was created anew ends before what was told of the former one.
            told.put(partition, first ? end : known == null ? 0 : Math.min(known.offset(), end));
        }
        judgedUntil = before.values().stream()
                .mapToLong(known -> millis(known.metadata()))
                .max()
                .orElse(nowMillis);
        consumer.seekToBeginning(partitions);
        rebuilding.addAll(partitions);
        if (first) {
            LOG.info(
                    "Group {} has told nothing yet, or not for so long that Kafka has forgotten it: it begins with what comes now",
                    settings.group());
            commit(named(told), nowMillis, nowMillis);
        }
    }

    private static List<TopicPartition> partitions(Map<String, List<PartitionInfo>> existing, Topic<?> topic) {
        return existing.getOrDefault(topic.name(), List.of()).stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
    }

    private static long millis(String metadata) {
        return metadata.matches("\\d{1,18}") ? Long.parseLong(metadata) : 0;
    }

    private static Map<String, Long> named(Map<TopicPartition, Long> offsets) {
        Map<String, Long> named = new HashMap<>();
        offsets.forEach((partition, offset) -> named.put(name(partition), offset));
        return named;
    }

    private static String name(TopicPartition partition) {
        return partition.topic() + '/' + partition.partition();
    }

    /** Stalls that began up to then have been told, milliseconds since the epoch. */
    long judgedUntil() {
        return judgedUntil;
    }

    /**
     * Takes in what has come.
     *
     * @throws SchemaRegistryException when a record cannot be read because the registry is away; nothing of the poll was taken in then, and the next one has it again
     */
    Turn poll(AlertRules rules, Duration patience) {
        int unreadable = 0;
        List<Read> records = read(consumer.poll(patience));
        for (Read record : records) {
            if (record.offset() < told.getOrDefault(record.partition(), 0L)) {
                unreadable += accept(rules, record, new ArrayList<>());
            } else if (rebuilding.isEmpty()) {
                unreadable += accept(rules, record, found);
            } else {
                held.add(record);
            }
        }
        if (!rebuilding.isEmpty()) {
            unreadable += rebuild(rules);
        }
        following = following || (rebuilding.isEmpty() && hasPassed(atStart));
        boolean scored = records.stream().anyMatch(read -> read.record() instanceof ConvergenceScore);
        return new Turn(following ? found(rules) : List.of(), unreadable, scored, following);
    }

    /** Reads each partition up to where it was told, and then all of them on; returns how many records could not be read. */
    private int rebuild(AlertRules rules) {
        rebuilding.removeIf(partition -> {
            boolean reached = consumer.position(partition, ANSWER) >= told.getOrDefault(partition, 0L);
            if (reached) {
                consumer.pause(List.of(partition));
            }
            return reached;
        });
        int unreadable = 0;
        if (rebuilding.isEmpty()) {
            rules.studiesFinished(); // were told
            consumer.resume(consumer.assignment());
            for (Read record : held) {
                unreadable += accept(rules, record, found);
            }
            held.clear();
        }
        return unreadable;
    }

    private List<Alert> found(AlertRules rules) {
        List<Alert> alerts = new ArrayList<>(found);
        found.clear();
        alerts.addAll(rules.studiesFinished());
        return alerts;
    }

    /** All of a poll or nothing: before a registry that is away fails it, the consumer goes back to where the poll began. */
    private List<Read> read(ConsumerRecords<byte[], byte[]> polled) {
        List<Read> read = new ArrayList<>();
        try {
            polled.forEach(record -> read.add(read(record)));
        } catch (SchemaRegistryException e) {
            for (TopicPartition partition : polled.partitions()) {
                consumer.seek(partition, polled.records(partition).get(0).offset());
            }
            throw e;
        }
        return read;
    }

    private Read read(ConsumerRecord<byte[], byte[]> record) {
        TopicPartition partition = new TopicPartition(record.topic(), record.partition());
        Topic<?> topic = BY_NAME.get(record.topic());
        if (record.value() == null || topic == null) {
            return new Read(partition, record.offset(), null, false);
        }
        try {
            return new Read(partition, record.offset(), format.decode(topic, record.value()), false);
        } catch (SerializationException | IllegalArgumentException e) {
            return new Read(partition, record.offset(), null, true);
        }
    }

    /** Returns how many records could not be read: one or none. */
    private int accept(AlertRules rules, Read read, List<Alert> alerts) {
        TopicPartition partition = read.partition();
        if (read.offset() >= told.getOrDefault(partition, 0L)) {
            positions.put(name(partition), read.offset() + 1);
        }
        SpecificRecord record = read.record();
        if (record == null) {
            return read.unreadable() ? 1 : 0;
        }
        try {
            alerts.addAll(rules.accept(record, new Origin(partition.topic(), partition.partition(), read.offset())));
            return 0;
        } catch (IllegalArgumentException e) {
            return 1;
        }
    }

    /**
     * Where the topics end now.
     *
     * @throws KafkaException when Kafka does not answer
     */
    Ends ends() {
        Map<TopicPartition, Long> read = consumer.endOffsets(consumer.assignment(), ANSWER);
        long written = consumer.endOffsets(steps, ANSWER).values().stream()
                .mapToLong(Long::longValue)
                .sum();
        return new Ends(read, written);
    }

    /** Whether everything before these ends has been read. */
    boolean hasPassed(Ends ends) {
        return ends.read().entrySet().stream()
                .allMatch(end -> consumer.position(end.getKey(), ANSWER) >= end.getValue());
    }

    /** Position behind the newest record read of each partition of which something was read beyond what had been told, by {@code topic/partition}. */
    Map<String, Long> positions() {
        return positions;
    }

    /** Remembers how far has been told; when nothing has changed it is written once a day, lest Kafka forget it. */
    void commit(Map<String, Long> settled, long judgedMillis, long nowMillis) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (TopicPartition partition : consumer.assignment()) {
            long known = told.getOrDefault(partition, 0L);
            long offset = Math.max(known, settled.getOrDefault(name(partition), known));
            offsets.put(partition, new OffsetAndMetadata(offset, Long.toString(judgedMillis)));
        }
        if (!offsets.equals(committed) || nowMillis - committedMillis >= COMMIT_AGAIN_MILLIS) {
            consumer.commitSync(offsets, ANSWER);
            committed = offsets;
            committedMillis = nowMillis;
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
