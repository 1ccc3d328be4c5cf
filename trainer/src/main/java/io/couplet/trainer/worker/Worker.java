package io.couplet.trainer.worker;

import io.couplet.producers.MetricPublisher;
import io.couplet.schemas.DeadLetter;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunRequest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device: takes a request, trains it on a thread of its own, holds the request meanwhile, settles it. Only the
 * queue's thread speaks to the queue, because a share consumer is for one thread.
 */
final class Worker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final Duration TAKE = Duration.ofMillis(500);
    private static final Duration CATCH_UP = Duration.ofSeconds(60);
    private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(1);
    private static final Duration FLUSH = Duration.ofSeconds(5);
    private static final Duration TIME_TO_CLOSE = Duration.ofSeconds(20);

    private final TrainerSettings settings;
    private final String device;
    private final Map<String, Object> clientProperties;
    private final MetricPublisher publisher;
    private final RunLedger ledger;
    private final RunImages images;
    private final InstantSource clock;
    private final Thread queueThread;
    private final ExecutorService trainingThread;
    private volatile boolean releasing;

    Worker(
            TrainerSettings settings,
            int number,
            String device,
            Map<String, Object> clientProperties,
            MetricPublisher publisher,
            RunLedger ledger,
            RunImages images,
            InstantSource clock) {
        this.settings = settings;
        this.device = device;
        this.clientProperties = Map.copyOf(clientProperties);
        this.publisher = publisher;
        this.ledger = ledger;
        this.images = images;
        this.clock = clock;
        this.queueThread = new Thread(this::work, "couplet-queue-" + number);
        this.trainingThread = Executors.newSingleThreadExecutor(task -> new Thread(task, "couplet-training-" + number));
    }

    void start() {
        queueThread.start();
    }

    /** Asks the worker to give its run back and to take no other. */
    void release() {
        releasing = true;
    }

    private void work() {
        while (!releasing) {
            try (RunQueue queue = new RunQueue(clientProperties, settings.shareGroup())) {
                while (!releasing) {
                    Optional<ConsumerRecord<String, byte[]>> record = queue.take(TAKE);
                    if (record.isPresent()) {
                        handle(record.get(), queue);
                    }
                }
            } catch (InterruptedException | InterruptException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (KafkaException | TimeoutException e) {
                LOG.warn("The queue of runs cannot be read just now: {}", e.getMessage());
                pause();
            }
        }
    }

    private void handle(ConsumerRecord<String, byte[]> record, RunQueue queue)
            throws InterruptedException, TimeoutException {
        RunRequest request;
        try {
            request = Topics.RUN_REQUESTS.wire().decode(record.value());
        } catch (SerializationException e) {
            bury(record, String.valueOf(e.getMessage()));
            queue.settle(record, AcknowledgeType.REJECT);
            return;
        }
        if (settings.onlyStudy() != null && !settings.onlyStudy().equals(request.getStudyId())) {
            queue.settle(record, AcknowledgeType.ACCEPT);
            return;
        }
        ledger.catchUp(CATCH_UP);
        RunHistory history = ledger.history(request.getRunId());
        if (history.settles(request.getSubmittedMillis())) {
            LOG.info("{} has ended already ({})", request.getRunId(), history.ending());
            queue.settle(record, AcknowledgeType.ACCEPT);
            return;
        }
        Attempt attempt = new Attempt(settings, publisher, clock, request, history.highestAttempt() + 1);
        int broken = Math.max(
                history.broken(), record.deliveryCount().map(count -> count - 1).orElse(0));
        Optional<Interruption> stop = stopped(request.getRunId());
        if (broken >= RunHistory.MOST_BROKEN) {
            attempt.fail("Its trainer died " + broken + " times while it trained this run; it is not tried again.");
            queue.settle(record, AcknowledgeType.ACCEPT);
        } else if (stop.isPresent() && stop.get() instanceof Interruption.Commanded commanded) {
            attempt.stopUnbegun(commanded);
            queue.settle(record, AcknowledgeType.ACCEPT);
        } else {
            train(attempt, history.highestAttempt() + 1, request, record, queue);
        }
    }

    /** Trains while the request is held, then settles it. */
    private void train(
            Attempt attempt, int number, RunRequest request, ConsumerRecord<String, byte[]> record, RunQueue queue)
            throws InterruptedException {
        Future<Optional<Interruption>> training = trainingThread.submit(
                () -> attempt.train(device, images, () -> interruption(request.getRunId(), number)));
        ConsumerRecord<String, byte[]> held = record;
        while (true) {
            try {
                Optional<Interruption> interruption =
                        training.get(queue.holdEvery().toMillis(), TimeUnit.MILLISECONDS);
                settle(interruption, request, held, queue);
                return;
            } catch (TimeoutException e) {
                held = queue.hold(held);
            } catch (ExecutionException e) {
                LOG.error("{} broke its worker", request.getRunId(), e.getCause());
                attempt.fail("The trainer broke: " + e.getCause());
                queue.settle(held, AcknowledgeType.ACCEPT);
                return;
            }
        }
    }

    /**
     * A released run goes to the end of the queue as a new request, and the old one off it: a share group counts
     * deliveries and would drop a request that was given back a few times.
     */
    private void settle(
            Optional<Interruption> interruption,
            RunRequest request,
            ConsumerRecord<String, byte[]> held,
            RunQueue queue)
            throws InterruptedException {
        AcknowledgeType how = AcknowledgeType.ACCEPT;
        if (interruption.isPresent() && interruption.get() instanceof Interruption.Released) {
            publisher.publish(Topics.RUN_REQUESTS, request.getRunId(), request);
            how = publisher.flush(FLUSH) ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE;
        }
        queue.settle(held, how);
    }

    private Optional<Interruption> interruption(String runId, int attempt) {
        if (ledger.history(runId).highestAttempt() > attempt) {
            return Optional.of(new Interruption.Fenced());
        }
        Optional<Interruption> stop = stopped(runId);
        return stop.isEmpty() && releasing ? Optional.of(new Interruption.Released()) : stop;
    }

    private Optional<Interruption> stopped(String runId) {
        Optional<RunCommand> command = ledger.stopOf(runId);
        return command.map(Interruption.Commanded::new);
    }

    private void bury(ConsumerRecord<String, byte[]> record, String cause) throws InterruptedException {
        Map<String, Object> properties = new HashMap<>(clientProperties);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            byte[] key = record.key() == null ? null : record.key().getBytes(java.nio.charset.StandardCharsets.UTF_8);
            producer.send(DeadLetter.of(
                            key, record.value(), record.topic(), record.partition(), record.offset(), "trainer", cause))
                    .get();
            LOG.warn("A run request went to the dead letters: {}", cause);
        } catch (ExecutionException e) {
            throw new KafkaException("The dead letter could not be sent", e.getCause());
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_AFTER_FAILURE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        releasing = true;
        try {
            queueThread.join(TIME_TO_CLOSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        trainingThread.shutdownNow();
    }
}
