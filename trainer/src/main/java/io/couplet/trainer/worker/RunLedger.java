package io.couplet.trainer.worker;

import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What every trainer knows of all runs: their histories and the commands for them, read from the topics and kept up to date. */
final class RunLedger implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RunLedger.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(1);

    private final Map<String, RunHistory> histories = new ConcurrentHashMap<>();
    private final Map<String, RunCommand> stops = new ConcurrentHashMap<>();
    private final Queue<CompletableFuture<Void>> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicLong unreadable = new AtomicLong();
    private final KafkaConsumer<String, byte[]> consumer;
    private final Thread thread;
    private volatile boolean closing;

    RunLedger(Map<String, Object> clientProperties) {
        Map<String, Object> properties = new HashMap<>(clientProperties);
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "earliest");
        properties.put("fetch.max.wait.ms", "100");
        this.consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
        this.thread = new Thread(this::read, "couplet-run-ledger");
    }

    void start() {
        List<TopicPartition> partitions = new ArrayList<>();
        for (Topic<?> topic : List.of(Topics.RUN_EVENTS, Topics.RUN_COMMANDS)) {
            consumer.partitionsFor(topic.name())
                    .forEach(info -> partitions.add(new TopicPartition(topic.name(), info.partition())));
        }
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        thread.start();
    }

    /** What became of a run, as far as was read. */
    RunHistory history(String runId) {
        return histories.getOrDefault(runId, RunHistory.NONE);
    }

    /** The newest order to stop a run. */
    Optional<RunCommand> stopOf(String runId) {
        return Optional.ofNullable(stops.get(runId));
    }

    /** Records that were no run events or commands; left out. */
    long unreadable() {
        return unreadable.get();
    }

    /**
     * Waits until everything that is in the topics now was read.
     *
     * @throws TimeoutException when that takes longer than the patience
     */
    void catchUp(Duration patience) throws InterruptedException, TimeoutException {
        CompletableFuture<Void> done = new CompletableFuture<>();
        waiting.add(done);
        try {
            done.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            waiting.remove(done);
        }
    }

    private void read() {
        while (!closing) {
            try {
                answerThoseWaiting();
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    accept(record);
                }
            } catch (WakeupException e) {
                LOG.debug("Woken up", e);
            } catch (KafkaException e) {
                LOG.warn("The ledger of runs cannot be read just now: {}", e.getMessage());
                pause();
            }
        }
        consumer.close();
    }

    private void answerThoseWaiting() {
        if (waiting.isEmpty()) {
            return;
        }
        List<CompletableFuture<Void>> answered = List.copyOf(waiting);
        Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
        while (!closing && ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                accept(record);
            }
        }
        answered.forEach(done -> done.complete(null));
    }

    private void accept(ConsumerRecord<String, byte[]> record) {
        if (record.value() == null) {
            return;
        }
        try {
            if (record.topic().equals(Topics.RUN_EVENTS.name())) {
                RunEvent event = Topics.RUN_EVENTS.wire().decode(record.value());
                histories.merge(event.getRunId(), RunHistory.NONE.plus(event), (history, first) -> history.plus(event));
            } else {
                RunCommand command = Topics.RUN_COMMANDS.wire().decode(record.value());
                if (command.getKind() == RunCommandKind.STOP && !command.getShadow()) {
                    stops.put(command.getRunId(), command);
                }
            }
        } catch (SerializationException e) {
            // The stopper and the view send these to the dead letters; once is enough.
            unreadable.incrementAndGet();
            LOG.warn("Left out {}-{}@{}: {}", record.topic(), record.partition(), record.offset(), e.getMessage());
        }
    }

    private void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_AFTER_FAILURE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closing = true;
        }
    }

    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        try {
            thread.join(Duration.ofSeconds(10).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
