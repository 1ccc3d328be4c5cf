package io.couplet.trainer.worker;

import io.couplet.producers.MetricPublisher;
import io.couplet.schemas.DeadLetter;
import io.couplet.schemas.RunId;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes one request after the other and trains it on a device of the trainer's, until it is closed. */
final class Worker {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final Duration PATIENCE = Duration.ofMillis(500);
    private static final Duration FLUSH = Duration.ofSeconds(5);
    private static final int ATTEMPTS_WITHOUT_END = 3;
    /** Below the number at which Kafka drops a request without a word. */
    private static final int DELIVERIES = TrainerService.DELIVERIES - 2;

    private final String name;
    private final DeviceSlots slots;
    private final TrainerSettings settings;
    private final WireFormat format;
    private final TrainingImages images;
    private final MetricPublisher publisher;
    private final PromptProducer prompt;
    private final RunLedger ledger;
    private final InstantSource clock;
    private final TrainerMeters meters;
    private final RequestQueue queue;
    private final Thread thread;
    private volatile boolean closing;

    Worker(
            int number,
            DeviceSlots slots,
            TrainerSettings settings,
            Map<String, Object> clientProperties,
            WireFormat format,
            TrainingImages images,
            MetricPublisher publisher,
            PromptProducer prompt,
            RunLedger ledger,
            InstantSource clock,
            TrainerMeters meters) {
        this.name = "couplet-worker-" + number;
        this.slots = slots;
        this.settings = settings;
        this.format = format;
        this.images = images;
        this.publisher = publisher;
        this.prompt = prompt;
        this.ledger = ledger;
        this.clock = clock;
        this.meters = meters;
        this.queue = new RequestQueue(clientProperties, settings.group());
        this.thread = new Thread(this::work, name);
    }

    void start() {
        thread.start();
    }

    /** Asks it to end; a training stops between two steps and is given back. */
    void beginClose() {
        closing = true;
        queue.wakeUp();
    }

    boolean join(Duration patience) throws InterruptedException {
        thread.join(patience.toMillis());
        return !thread.isAlive();
    }

    /** Whether it does not work, though nobody has asked it to end. */
    boolean hasEnded() {
        return !closing && !thread.isAlive();
    }

    private void work() {
        try (queue) {
            while (!closing && !publisher.hasEnded()) {
                try {
                    Optional<ConsumerRecord<byte[], byte[]>> record = queue.take(PATIENCE);
                    if (record.isPresent()) {
                        handle(record.get());
                    }
                } catch (WakeupException e) {
                    LOG.debug("{} was woken up", name);
                } catch (KafkaException | IllegalStateException e) {
                    LOG.warn("{} cannot read the queue now: {}", name, e.getMessage());
                    queue.release(); // what is still held: nothing more comes before it is acknowledged
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("{} ends", name, e);
        }
    }

    private void handle(ConsumerRecord<byte[], byte[]> record) throws InterruptedException {
        RunRequest request;
        try {
            request = read(record.value());
        } catch (SerializationException | IllegalArgumentException e) {
            if (bury(record, String.valueOf(e.getMessage()))) {
                queue.reject();
            } else {
                queue.release();
            }
            return;
        } catch (SchemaRegistryException e) {
            queue.release();
            return;
        }
        if (settings.onlyStudy() != null && !settings.onlyStudy().studyId().equals(request.getStudyId())) {
            queue.accept();
            return;
        }
        String claim = UUID.randomUUID().toString();
        while (!publisher.hasEnded() && catchUp(request)) {
            RunHistory history = ledger.history(request.getRunId());
            boolean claimed = history.isClaimedBy(claim);
            if (history.settles(request.getSubmittedMillis())) {
                if (history.isOverForGood()) {
                    attempt(request, record.offset(), history.attempts(), "").deleteCheckpoint();
                }
                queue.accept();
                return;
            }
            if (!claimed && history.isWorkedOffByAnother(record.offset(), ledger.firstRequest())) {
                LOG.info("{} passes over a second request for {}", name, request.getRunId());
                queue.accept();
                return;
            }
            if (!claimed && record.deliveryCount().orElse((short) 1) >= DELIVERIES) {
                putAtTheEnd(request, record.offset(), history);
                return;
            }
            boolean suspect = history.broken() - (claimed ? 1 : 0) >= ATTEMPTS_WITHOUT_END - 1;
            Optional<DeviceSlots.Slot> slot = slots.take(request.getDevice(), suspect);
            if (slot.isPresent()) {
                try (DeviceSlots.Slot held = slot.get()) {
                    if (workOff(request, record.offset(), claim, held.device())) {
                        return;
                    }
                }
            }
            // Given back, it would come up again at once, and after some deliveries not at all.
            if (closing || !queue.renew()) {
                break;
            }
            Thread.sleep(PATIENCE.toMillis());
        }
        RunHistory history = ledger.history(request.getRunId());
        if (history.isClaimedBy(claim) && !publisher.hasEnded()) {
            attempt(request, record.offset(), history.attempts(), "")
                    .release("Its trainer does not train it after all.");
        }
        queue.release();
    }

    /** A copy would pass for a second request while the attempt that works off the record itself, whose trainer is dead, is open. */
    private void putAtTheEnd(RunRequest request, long offset, RunHistory history) throws InterruptedException {
        if (!history.worksOff(offset)
                || attempt(request, offset, history.attempts(), "").release("Its request goes back into the queue.")) {
            giveBack(request);
        } else {
            queue.release();
        }
    }

    private Attempt attempt(RunRequest request, long offset, int number, String device) {
        return new Attempt(
                request, offset, number, device, settings, images, publisher, ledger, clock, () -> closing, meters);
    }

    /** Whether it is worked off, or back with the queue; else the attempt's number is, or may be, another one's. */
    private boolean workOff(RunRequest request, long offset, String claim, String device) throws InterruptedException {
        if (!ledger.history(request.getRunId()).isClaimedBy(claim) && !claim(request, offset, claim, device)) {
            return false;
        }
        RunHistory history = ledger.history(request.getRunId());
        if (!history.isClaimedBy(claim)) {
            return false;
        }
        Attempt attempt = attempt(request, offset, history.attempts(), device);
        int died = history.broken() - 1;
        Optional<RunCommand> stop = ledger.stop(request.getRunId());
        Optional<String> refusal = Optional.ofNullable(settings.onlyStudy()).flatMap(own -> own.refusal(request));
        Attempt.End end;
        if (stop.isPresent()) {
            end = attempt.endUntrained(attempt.event(stop.get()));
        } else if (refusal.isPresent()) {
            end = attempt.endUntrained(attempt.event(RunEventKind.FAILED).setReason(refusal.get()));
        } else if (died >= ATTEMPTS_WITHOUT_END) {
            end = attempt.endUntrained(attempt.event(RunEventKind.FAILED)
                    .setReason("Its trainer died " + died + " times while it was trained or made ready."));
        } else {
            end = train(request, attempt, device);
        }
        switch (end) {
            case DONE -> queue.accept();
            case GIVEN_BACK -> giveBack(request);
            case BROKEN -> queue.release();
        }
        return true;
    }

    /**
     * Claims the next number: of several claims the first in the topic has it, which all trainers read alike. Only who holds the request does: a process that slept since it took it
     * would take the run from its rightful holder.
     *
     * @return false when nothing is known of it yet
     */
    private boolean claim(RunRequest request, long offset, String claim, String device) throws InterruptedException {
        if (!queue.renew()) {
            return false;
        }
        int number = ledger.history(request.getRunId()).attempts() + 1;
        byte[] value = format.encode(
                Topics.RUN_EVENTS, attempt(request, offset, number, device).claim(claim));
        byte[] key = request.getRunId().getBytes(StandardCharsets.UTF_8);
        return prompt.send(new ProducerRecord<>(Topics.RUN_EVENTS.name(), key, value)) && catchUp(request);
    }

    /** Reads a request, for as long as it takes until the schema registry, if its schema is a new one, answers. */
    private RunRequest read(byte[] value) throws InterruptedException {
        while (true) {
            try {
                return checked(format.decode(Topics.RUN_REQUESTS, value));
            } catch (SchemaRegistryException e) {
                LOG.warn("{} waits with a request: {}", name, e.getMessage());
                if (closing || !queue.renew()) {
                    throw e;
                }
                Thread.sleep(PATIENCE.toMillis());
            }
        }
    }

    /** @throws IllegalArgumentException in one sentence, when it is no run's */
    private static RunRequest checked(RunRequest request) {
        RunId.parse(request.getRunId());
        return request;
    }

    /**
     * Reads what was done before, for as long as that takes. Given back meanwhile, the request would come up again at once, and Kafka would drop it without a word after
     * a few deliveries.
     *
     * @return false when the worker is to end, or the request may be with another one by now
     */
    private boolean catchUp(RunRequest request) throws InterruptedException {
        while (!ledger.catchUp(settings.lock().dividedBy(3))) {
            LOG.warn("{} waits with {}: what was done before cannot be read now", name, request.getRunId());
            if (closing || !queue.renew()) {
                return false;
            }
        }
        return true;
    }

    /**
     * Puts the request at the end of the queue as a new record and takes the old one off: a share group counts deliveries, and would
     * drop without a word what was given back too often.
     */
    private void giveBack(RunRequest request) throws InterruptedException {
        publisher.publish(Topics.RUN_REQUESTS, request.getRunId(), request);
        if (publisher.flush(request.getRunId(), FLUSH)) {
            queue.accept();
        } else {
            queue.release();
        }
    }

    /** Trains on another thread, while this one keeps the lock alive: Kafka's consumer belongs to one thread. */
    private Attempt.End train(RunRequest request, Attempt attempt, String device) throws InterruptedException {
        if (attempt.isFirst()) {
            meters.waited(clock.millis() - request.getSubmittedMillis());
        }
        try (TrainerMeters.Slot slot = meters.occupied(device)) {
            return trainAndRenew(request, attempt);
        }
    }

    private Attempt.End trainAndRenew(RunRequest request, Attempt attempt) throws InterruptedException {
        FutureTask<Attempt.End> task = new FutureTask<>(attempt::run);
        Thread trainingThread = new Thread(task, name + "-training");
        trainingThread.start();
        long renewMillis = settings.lock().toMillis() / 3;
        long renewed = queue.heldSince();
        boolean held = true;
        while (true) {
            try {
                return task.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                if (held && (System.nanoTime() - renewed) / 1_000_000 >= renewMillis) {
                    renewed = System.nanoTime();
                    held = renew(request);
                }
                if (closing) {
                    attempt.interruptUnlessBegun(
                            trainingThread); // it reads images, which may take longer than a shutdown
                }
            } catch (ExecutionException e) {
                LOG.error("run {} broke", request.getRunId(), e.getCause());
                return Attempt.End.BROKEN;
            }
        }
    }

    private boolean renew(RunRequest request) {
        if (queue.renew()) {
            return true;
        }
        LOG.warn("the lock on {} is lost; it is trained on until another attempt takes over", request.getRunId());
        return false;
    }

    /** Sends a request that nobody can read to the dead letters; false when Kafka does not take it there, and then it must not be lost from the queue. */
    private boolean bury(ConsumerRecord<byte[], byte[]> record, String cause) throws InterruptedException {
        LOG.warn("a request cannot be read and goes to {}: {}", Topics.DEAD_LETTERS, cause);
        boolean sent = prompt.send(DeadLetter.of(
                record.key(), record.value(), record.topic(), record.partition(), record.offset(), "trainer", cause));
        if (!sent) {
            return false;
        }
        meters.buried();
        return true;
    }
}
