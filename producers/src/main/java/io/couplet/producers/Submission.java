package io.couplet.producers;

import io.couplet.schemas.KafkaRefusal;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the runs of a study into the queue, but only those that are not there yet and have not ended: submitting twice
 * trains once. What is there is read from the topics themselves, so it holds across machines and restarts.
 *
 * <p>Two submissions of one study at the very same time may both send a run; a trainer tells by the run's events.
 */
public final class Submission {

    private static final Logger LOG = LoggerFactory.getLogger(Submission.class);
    private static final Set<RunEventKind> ENDINGS =
            EnumSet.of(RunEventKind.COMPLETED, RunEventKind.STOPPED, RunEventKind.DIVERGED);

    /** What to do with runs that have failed. */
    public enum Failed {
        /** They have ended. */
        LEAVE,
        /** They are submitted once more. */
        RETRY
    }

    /**
     * What became of the requests; each run is in exactly one list, in the order of the requests.
     *
     * @param submitted sent now
     * @param alreadyQueued were in the queue or with a trainer; those that were paused and resumed are among them
     * @param alreadyEnded have completed, been stopped, been paused or diverged
     * @param failed have failed and were left so
     * @param unreadable records of the two topics that nobody can read
     */
    public record Result(
            List<String> submitted,
            List<String> alreadyQueued,
            List<String> alreadyEnded,
            List<String> failed,
            long unreadable) {

        /** Whether there is anything for a trainer to do. */
        public boolean leavesWork() {
            return !submitted.isEmpty() || !alreadyQueued.isEmpty();
        }
    }

    private final String bootstrapServers;
    private final Map<String, String> clientProperties;
    private final Duration patience;

    /**
     * A way to submit; nothing is connected yet.
     *
     * @param clientProperties further properties of the Kafka clients, e.g. TLS and SASL
     * @param patience how long Kafka may take for an answer
     */
    public Submission(String bootstrapServers, Map<String, String> clientProperties, Duration patience) {
        this.bootstrapServers = bootstrapServers;
        this.clientProperties = Map.copyOf(clientProperties);
        this.patience = patience;
    }

    /**
     * Sends the requests that are missing and waits until Kafka holds them.
     *
     * @throws SubmissionException when Kafka does not answer, refuses, or lacks the topics
     */
    public Result submit(List<RunRequest> requests, Failed failedRuns)
            throws SubmissionException, InterruptedException {
        try {
            WireFormat format = WireFormat.of(clientProperties);
            Known known =
                    read(format, requests.stream().map(RunRequest::getRunId).collect(Collectors.toSet()));
            Result result = sort(requests, known, failedRuns);
            Set<String> missing = Set.copyOf(result.submitted);
            send(
                    format,
                    requests.stream()
                            .filter(request -> missing.contains(request.getRunId()))
                            .map(request -> after(known.newest.get(request.getRunId()), request))
                            .toList());
            LOG.info(
                    "{} runs submitted, {} were in the queue, {} have ended, {} have failed",
                    result.submitted.size(),
                    result.alreadyQueued.size(),
                    result.alreadyEnded.size(),
                    result.failed.size());
            return result;
        } catch (InterruptException e) {
            throw new InterruptedException();
        } catch (KafkaException e) {
            throw explained(e);
        }
    }

    /** The request, submitted after what happened last by its trainer's clock, which may be ahead of ours: trainers leave out what is not newer than a failure. */
    private static RunRequest after(@Nullable RunEvent newest, RunRequest request) {
        return newest == null || request.getSubmittedMillis() > newest.getTimeMillis()
                ? request
                : RunRequest.newBuilder(request)
                        .setSubmittedMillis(newest.getTimeMillis() + 1)
                        .build();
    }

    private SubmissionException explained(KafkaException e) {
        if (e instanceof SchemaRegistryException) {
            return new SubmissionException(String.valueOf(e.getMessage()), e);
        }
        if (e instanceof UnknownTopicOrPartitionException) {
            return new SubmissionException(
                    "Kafka at " + bootstrapServers + " has no topic " + Topics.RUN_REQUESTS.name()
                            + ": create them with couplet topics create.",
                    e);
        }
        if (e instanceof TimeoutException) {
            return new SubmissionException(
                    "Kafka at " + bootstrapServers + " did not answer within " + patience.toSeconds()
                            + " s: check the address and that it runs.",
                    e);
        }
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return new SubmissionException(
                KafkaRefusal.sentence(bootstrapServers, e)
                        .orElse("Kafka at " + bootstrapServers + " refuses: " + cause.getMessage()),
                e);
    }

    /** What the topics know of the runs: when each was last requested, and its newest event. */
    private static final class Known {
        final Map<String, Long> requestedMillis = new HashMap<>();
        final Map<String, RunEvent> newest = new HashMap<>();
        long unreadable;

        void request(RunRequest request) {
            requestedMillis.merge(request.getRunId(), request.getSubmittedMillis(), Math::max);
        }

        void event(RunEvent event) {
            if (event.getKind() == RunEventKind.PREPARING) {
                return; // of an attempt that may come to nothing
            }
            newest.merge(event.getRunId(), event, (old, later) -> later.getAttempt() < old.getAttempt() ? old : later);
        }
    }

    private static Result sort(List<RunRequest> requests, Known known, Failed failedRuns) {
        List<String> submitted = new ArrayList<>();
        List<String> queued = new ArrayList<>();
        List<String> ended = new ArrayList<>();
        List<String> failed = new ArrayList<>();
        for (RunRequest request : requests) {
            String runId = request.getRunId();
            Long requested = known.requestedMillis.get(runId);
            RunEvent event = known.newest.get(runId);
            boolean askedAnew = event != null && requested != null && requested > event.getTimeMillis();
            if (event != null && ENDINGS.contains(event.getKind())) {
                (event.getPaused() && askedAnew ? queued : ended).add(runId);
            } else if (event != null && event.getKind() == RunEventKind.FAILED) {
                (askedAnew ? queued : failedRuns == Failed.RETRY ? submitted : failed).add(runId);
            } else {
                (requested == null ? submitted : queued).add(runId);
            }
        }
        return new Result(
                List.copyOf(submitted), List.copyOf(queued), List.copyOf(ended), List.copyOf(failed), known.unreadable);
    }

    private Known read(WireFormat format, Set<String> runIds) {
        Known known = new Known();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(consumerProperties(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            TopicScan scan = new TopicScan(consumer, format, patience);
            scan.read(Topics.RUN_REQUESTS, known::request, runIds);
            scan.read(Topics.RUN_EVENTS, known::event, runIds);
            known.unreadable = scan.unreadable();
        }
        return known;
    }

    private Map<String, Object> consumerProperties() {
        Map<String, Object> properties = new HashMap<>(clientProperties);
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
        properties.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
        return properties;
    }

    private void send(WireFormat format, List<RunRequest> missing) throws InterruptedException {
        if (missing.isEmpty()) {
            return;
        }
        Map<String, Object> properties = MetricPublisher.producerProperties(bootstrapServers, clientProperties);
        properties.put("max.block.ms", patience.toMillis());
        properties.put("delivery.timeout.ms", (int) Math.max(patience.toMillis(), 1_000));
        properties.put("request.timeout.ms", (int) Math.max(patience.toMillis() / 2, 500));
        List<Future<RecordMetadata>> answers = new ArrayList<>();
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(properties)) {
            for (RunRequest request : missing) {
                answers.add(producer.send(new ProducerRecord<>(
                        Topics.RUN_REQUESTS.name(), request.getRunId(), format.encode(Topics.RUN_REQUESTS, request))));
            }
            for (Future<RecordMetadata> answer : answers) {
                answer.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
        } catch (SerializationException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
