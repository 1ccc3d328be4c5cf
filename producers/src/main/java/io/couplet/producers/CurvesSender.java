package io.couplet.producers;

import io.couplet.schemas.KafkaRefusal;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/** Sends the records of a {@link CurvesReplay} to Kafka, as fast as they were recorded or faster. Closing it waits until Kafka has them. */
public final class CurvesSender implements CurvesReplay.Recipient, AutoCloseable {

    /** How fast. */
    public sealed interface Pace {

        /** As fast as Kafka takes them. */
        record Unbounded() implements Pace {}

        /** So many times as fast as recorded; all runs begin together. */
        record Recorded(double speed) implements Pace {
            public Recorded {
                requirePositive("speed", speed);
            }
        }

        /** So many steps a second, of all runs together. */
        record Steps(double perSecond) implements Pace {
            public Steps {
                requirePositive("steps a second", perSecond);
            }
        }

        private static void requirePositive(String what, double value) {
            if (!(value > 0) || Double.isInfinite(value)) {
                throw new IllegalArgumentException(what + " must be above 0, was " + value);
            }
        }
    }

    private final Producer<String, byte[]> producer;
    private final WireFormat format;
    private final Pace pace;
    private final String bootstrapServers;
    private final Duration patience;
    private final AtomicReference<@Nullable Exception> refused = new AtomicReference<>();
    private final long startNanos = System.nanoTime();
    private long steps;

    CurvesSender(
            Producer<String, byte[]> producer,
            WireFormat format,
            Pace pace,
            String bootstrapServers,
            Duration patience) {
        this.producer = producer;
        this.format = format;
        this.pace = pace;
        this.bootstrapServers = bootstrapServers;
        this.patience = patience;
    }

    /**
     * Connects.
     *
     * @param clientProperties further properties of the Kafka client, e.g. TLS and SASL
     * @param patience how long Kafka may take for an answer
     * @throws CurvesException when Kafka does not answer or lacks a topic
     */
    public static CurvesSender open(
            String bootstrapServers, Map<String, String> clientProperties, Pace pace, Duration patience)
            throws CurvesException {
        Map<String, Object> properties = MetricPublisher.producerProperties(bootstrapServers, clientProperties);
        properties.put("max.block.ms", patience.toMillis());
        properties.put("delivery.timeout.ms", (int) patience.toMillis());
        properties.put("request.timeout.ms", (int) Math.max(1, patience.toMillis() / 2));
        CurvesSender sender;
        try {
            WireFormat format = WireFormat.of(clientProperties);
            sender = new CurvesSender(new KafkaProducer<>(properties), format, pace, bootstrapServers, patience);
        } catch (SchemaRegistryException e) {
            throw new CurvesException(String.valueOf(e.getMessage()), e);
        } catch (KafkaException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new CurvesException(
                    KafkaRefusal.sentence(bootstrapServers, e)
                            .orElse("Kafka at " + bootstrapServers + " cannot be reached: " + cause.getMessage()),
                    e);
        }
        for (Topic<?> topic : List.of(Topics.RUN_EVENTS, Topics.STEP_METRICS, Topics.EVALUATIONS)) {
            try {
                sender.producer.partitionsFor(topic.name());
            } catch (KafkaException e) {
                sender.producer.close(Duration.ZERO);
                throw new CurvesException(
                        KafkaRefusal.sentence(bootstrapServers, e)
                                .orElse(
                                        "Kafka at " + bootstrapServers + " does not answer, or has no topic "
                                                + topic.name()
                                                + ": check the address, and create Couplet's topics with couplet topics create."),
                        e);
            }
        }
        return sender;
    }

    /** @throws CurvesException when Kafka did not take something before */
    @Override
    public <T extends SpecificRecord> void take(Topic<T> topic, String runId, T record, double seconds)
            throws CurvesException, InterruptedException {
        requireTaken();
        await(topic, seconds);
        try {
            producer.send(
                    new ProducerRecord<>(topic.name(), runId, format.encode(topic, record)), (metadata, failure) -> {
                        if (failure != null) {
                            refused.compareAndSet(null, failure);
                        }
                    });
        } catch (InterruptException e) {
            throw new InterruptedException();
        } catch (KafkaException e) {
            refused.compareAndSet(null, e);
        }
    }

    private void await(Topic<?> topic, double seconds) throws InterruptedException {
        double due = 0;
        if (pace instanceof Pace.Recorded recorded) {
            due = seconds / recorded.speed();
        } else if (pace instanceof Pace.Steps rate) {
            due = steps / rate.perSecond();
            steps += topic == Topics.STEP_METRICS ? 1 : 0;
        }
        long wait = startNanos + (long) (due * 1e9) - System.nanoTime();
        if (due > 0 && wait > 0) {
            TimeUnit.NANOSECONDS.sleep(wait);
        }
    }

    /**
     * Waits until Kafka has all that was handed over.
     *
     * @throws CurvesException when Kafka did not take something
     */
    public void finish() throws CurvesException, InterruptedException {
        try {
            producer.flush();
        } catch (InterruptException e) {
            throw new InterruptedException();
        }
        requireTaken();
    }

    private void requireTaken() throws CurvesException {
        Exception failure = refused.get();
        if (failure != null) {
            Optional<String> refusal = KafkaRefusal.sentence(bootstrapServers, failure);
            if (refusal.isPresent()) {
                throw new CurvesException(refusal.get(), failure);
            }
            throw new CurvesException(
                    "Kafka at " + bootstrapServers + " did not take every record within " + patience.toSeconds()
                            + " s (" + failure.getMessage() + "): replay the file again, the same records do no harm.",
                    failure);
        }
    }

    @Override
    public void close() {
        producer.close(patience);
    }
}
