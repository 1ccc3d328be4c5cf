package io.couplet.trainer.worker;

import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all trainers have told about runs, and what was ordered: the topics of run events and run commands, read from the beginning and followed by a thread of
 * its own. Safe for use by several threads.
 */
final class RunLedger implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunLedger.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration ANSWER = Duration.ofSeconds(10);
    /** The queue has one partition. */
    private static final Set<TopicPartition> REQUESTS = Set.of(new TopicPartition(Topics.RUN_REQUESTS.name(), 0));

    private final Map<String, RunHistory> histories = new ConcurrentHashMap<>();
    private final Map<String, List<RunEvent>> notYetRead = new ConcurrentHashMap<>();
    private final Map<String, RunCommand> stops = new ConcurrentHashMap<>();
    private final Set<String> revoked = new HashSet<>();
    private final Queue<CompletableFuture<Void>> waiting = new ConcurrentLinkedQueue<>();
    private final Map<String, Object> properties;
    private final WireFormat format;
    private final MeterRegistry registry;
    private final Thread thread;
    private List<TopicPartition> followed = List.of();
    private volatile long firstRequest;
    private volatile boolean closing;

    RunLedger(Map<String, Object> clientProperties, WireFormat format, MeterRegistry registry) {
        this.format = format;
        this.registry = registry;
        properties = new HashMap<>(clientProperties);
        properties.put("enable.auto.commit", false);
        properties.put("auto.offset.reset", "earliest");
        thread = new Thread(this::follow, "couplet-run-ledger");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** What the topic says, and behind it what this process has told and the topic does not have yet. */
    RunHistory history(String runId) {
        RunHistory history = histories.getOrDefault(runId, RunHistory.NONE);
        for (RunEvent event : notYetRead.getOrDefault(runId, List.of())) {
            history = history.plus(event);
        }
        return history;
    }

    /** The order to stop a run, if there is one that was not taken back; what is recorded only in shadow is none. */
    Optional<RunCommand> stop(String runId) {
        return Optional.ofNullable(stops.get(runId));
    }

    /** Offset of the oldest request that the queue had when the ledger last caught up. */
    long firstRequest() {
        return firstRequest;
    }

    /** Takes note of an event before Kafka has it, so that this process never forgets what it did itself. */
    void note(RunEvent event) {
        notYetRead.merge(event.getRunId(), List.of(event), RunLedger::joined);
    }

    /** Takes in what the topic says. */
    void read(RunEvent event) {
        histories.merge(event.getRunId(), RunHistory.NONE.plus(event), (known, one) -> known.plus(event));
        notYetRead.computeIfPresent(event.getRunId(), (run, own) -> {
            List<RunEvent> rest =
                    own.stream().filter(each -> !each.equals(event)).toList();
            return rest.isEmpty() ? null : rest;
        });
    }

    private static List<RunEvent> joined(List<RunEvent> before, List<RunEvent> after) {
        return Stream.concat(before.stream(), after.stream()).toList();
    }

    /** Whether it is no longer followed, though nobody has asked it to end. */
    boolean hasEnded() {
        return !closing && !thread.isAlive();
    }

    /** Waits until everything that was in the topics when this was called has been read; false when Kafka did not answer in time. */
    boolean catchUp() throws InterruptedException {
        return catchUp(ANSWER.multipliedBy(2));
    }

    /** The same with a patience of one's own. */
    boolean catchUp(Duration patience) throws InterruptedException {
        CompletableFuture<Void> caughtUp = new CompletableFuture<>();
        waiting.add(caughtUp);
        try {
            caughtUp.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException | ExecutionException | CancellationException e) {
            return false;
        } finally {
            waiting.remove(caughtUp);
        }
    }

    private void follow() {
        try (KafkaConsumer<String, byte[]> consumer =
                        new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
                KafkaClientMetrics metrics = new KafkaClientMetrics(consumer)) {
            metrics.bindTo(registry);
            assign(consumer);
            while (!closing) {
                try {
                    read(consumer);
                    answer(consumer);
                } catch (KafkaException e) {
                    LOG.warn("the ledger of runs cannot be read now: {}", e.getMessage());
                }
            }
        } catch (RuntimeException e) {
            LOG.error("the ledger of runs is no longer followed", e);
        }
    }

    private void assign(KafkaConsumer<String, byte[]> consumer) {
        List<TopicPartition> partitions = new ArrayList<>();
        while (partitions.isEmpty() && !closing) {
            try {
                for (Topic<?> topic : List.of(Topics.RUN_EVENTS, Topics.RUN_COMMANDS)) {
                    for (PartitionInfo partition : consumer.partitionsFor(topic.name(), ANSWER)) {
                        partitions.add(new TopicPartition(topic.name(), partition.partition()));
                    }
                }
            } catch (KafkaException e) {
                partitions.clear();
                LOG.warn("waiting for Kafka to read the ledger of runs: {}", e.getMessage());
            }
        }
        followed = List.copyOf(partitions);
        partitions.addAll(REQUESTS);
        consumer.assign(partitions);
        consumer.pause(REQUESTS); // only asked for its beginning
        consumer.seekToBeginning(followed);
    }

    private void read(KafkaConsumer<String, byte[]> consumer) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
            try {
                take(record);
            } catch (SerializationException e) {
                LOG.warn(
                        "left out: {}-{} offset {}: {}",
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        e.getMessage());
            }
        }
    }

    /** Takes note of a record; when the schema registry, which knows a new schema, is away, as soon as it is back: none is left out for that. */
    private void take(ConsumerRecord<String, byte[]> record) {
        while (!closing) {
            try {
                if (record.topic().equals(Topics.RUN_EVENTS.name())) {
                    read(format.decode(Topics.RUN_EVENTS, record.value()));
                } else {
                    command(record.key(), record.value());
                }
                return;
            } catch (SchemaRegistryException e) {
                LOG.warn("the ledger of runs waits: {}", e.getMessage());
                LockSupport.parkNanos(POLL.toNanos());
            }
        }
    }

    private void command(String runId, byte @Nullable [] value) {
        if (value == null) {
            stops.remove(runId);
            return;
        }
        RunCommand command = format.decode(Topics.RUN_COMMANDS, value);
        if (command.getKind() == RunCommandKind.STOP && !command.getShadow()) {
            if (!revoked.contains(command.getCommandId())) {
                stops.put(runId, command);
            }
        } else if (command.getKind() == RunCommandKind.RESUME) {
            RunCommand stop = stops.remove(runId);
            if (stop != null) {
                // An order may stand in the topic twice, and the second time behind the one that takes it back.
                revoked.add(stop.getCommandId());
            }
        }
    }

    private void answer(KafkaConsumer<String, byte[]> consumer) {
        CompletableFuture<Void> asked = waiting.poll();
        if (asked == null) {
            return;
        }
        try {
            Map<TopicPartition, Long> ends = consumer.endOffsets(followed, ANSWER);
            long deadline = System.nanoTime() + ANSWER.toNanos();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                if (closing || System.nanoTime() > deadline) {
                    asked.cancel(false);
                    return;
                }
                read(consumer);
            }
            firstRequest = consumer.beginningOffsets(REQUESTS, ANSWER)
                    .values()
                    .iterator()
                    .next();
            asked.complete(null);
        } catch (KafkaException e) {
            asked.completeExceptionally(e);
        }
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        thread.join(ANSWER.toMillis());
    }
}
