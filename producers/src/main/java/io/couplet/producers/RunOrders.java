package io.couplet.producers;

import io.couplet.schemas.KafkaRefusal;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.ArmedRule;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * What people order of runs: writes run-commands, each under an id of its own and in the name of who asked.
 *
 * <p>Safe for use by several threads.
 */
public final class RunOrders implements AutoCloseable {

    /** The rule that the orders of people name. */
    public static final String PERSON = "person";

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final KafkaProducer<String, RunCommand> producer;
    private final Clock clock;
    private final String bootstrapServers;

    /**
     * A way to give orders.
     *
     * @param clientProperties properties of the Kafka client, {@code bootstrap.servers} among them
     * @throws RunOrderException when Kafka's client does not take the properties
     */
    public RunOrders(Map<String, ?> clientProperties, Clock clock) {
        this.clock = clock;
        this.bootstrapServers = String.valueOf(clientProperties.get(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG));
        Map<String, Object> properties = new HashMap<>();
        properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Math.toIntExact(PATIENCE.toMillis()));
        properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000);
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, PATIENCE.toMillis());
        properties.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        properties.putAll(clientProperties);
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        try {
            producer = new KafkaProducer<>(
                    properties,
                    Topics.RUN_COMMANDS.keySerde().serializer(),
                    Topics.RUN_COMMANDS.valueSerde(WireFormat.of(properties)).serializer());
        } catch (KafkaException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new RunOrderException(
                    KafkaRefusal.sentence(bootstrapServers, e)
                            .orElse("Kafka's client refuses its settings (" + cause.getMessage() + "): correct them."),
                    e);
        }
    }

    /**
     * Orders a run to end after its present step, and waits until Kafka holds the order.
     *
     * @param requestedBy who asks
     * @param reason why, one sentence for the record
     * @param pause whether the trainer keeps a checkpoint, so that the run can be taken up again
     * @return the order's id, which the trainer's event will name
     * @throws IllegalArgumentException in one sentence, when this is no run id
     * @throws RunOrderException in one sentence, when Kafka does not take the order
     */
    public String stop(String runId, String requestedBy, String reason, boolean pause) {
        return send(ofRun(runId, requestedBy, reason, RunCommandKind.STOP)
                .setPause(pause)
                .build());
    }

    /**
     * Orders a paused run to be taken up again, and waits until Kafka holds the order. The early stopper, which knows whether the run is paused, puts it back into the
     * queue, once.
     *
     * @param requestedBy who asks
     * @param reason why, one sentence for the record
     * @return the order's id
     * @throws IllegalArgumentException in one sentence, when this is no run id
     * @throws RunOrderException in one sentence, when Kafka does not take the order
     */
    public String resume(String runId, String requestedBy, String reason) {
        return send(ofRun(runId, requestedBy, reason, RunCommandKind.RESUME).build());
    }

    /**
     * Orders the early stopper to judge a study by these rules from now on, and waits until Kafka holds the order.
     *
     * @param rules all of them, in the order they are asked; divergence is on without being named
     * @param requestedBy who asks
     * @param reason why, one sentence for the record
     * @return the order's id
     * @throws IllegalArgumentException in one sentence, when this is no study's id
     * @throws RunOrderException in one sentence, when Kafka does not take the order
     */
    public String rules(String studyId, List<ArmedRule> rules, String requestedBy, String reason) {
        if (!RunId.isStudyId(studyId)) {
            throw new IllegalArgumentException("A study's id reads <name>-<6 hex digits>, this one reads " + studyId);
        }
        return send(order(studyId, studyId, requestedBy, reason, RunCommandKind.RULES)
                .setRules(rules)
                .build());
    }

    private RunCommand.Builder ofRun(String runId, String requestedBy, String reason, RunCommandKind kind) {
        return order(runId, RunId.parse(runId).studyId(), requestedBy, reason, kind);
    }

    private RunCommand.Builder order(
            String key, String studyId, String requestedBy, String reason, RunCommandKind kind) {
        return RunCommand.newBuilder()
                .setRunId(key)
                .setStudyId(studyId)
                .setCommandId(PERSON + '-' + UUID.randomUUID())
                .setKind(kind)
                .setRule(PERSON)
                .setRuleVersion(0)
                .setRequestedBy(requestedBy)
                .setReason(reason)
                .setTimeMillis(clock.millis());
    }

    private String send(RunCommand command) {
        try {
            producer.send(new ProducerRecord<>(Topics.RUN_COMMANDS.name(), command.getRunId(), command))
                    .get();
            return command.getCommandId();
        } catch (InterruptedException | InterruptException e) {
            Thread.currentThread().interrupt();
            throw new RunOrderException("Interrupted while Kafka was asked to take the order: give it again.", e);
        } catch (ExecutionException | KafkaException e) {
            Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
            throw new RunOrderException(
                    KafkaRefusal.sentence(bootstrapServers, cause)
                            .orElse(
                                    cause instanceof TimeoutException
                                            ? "Kafka did not take the order within " + PATIENCE.toSeconds()
                                                    + " s: check the address and that it runs."
                                            : "Kafka does not take the order: " + cause.getMessage()),
                    e);
        }
    }

    @Override
    public void close() {
        producer.close(PATIENCE);
    }
}
