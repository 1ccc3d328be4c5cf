package io.couplet.stopper;

import io.couplet.schemas.KafkaRefusal;
import io.couplet.schemas.RecentFailures;
import io.couplet.schemas.RegistryPatience;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.TopicAccess;
import io.couplet.schemas.WireFormat;
import io.couplet.scores.convergence.ConvergenceSettings;
import io.couplet.scores.stopping.DivergenceRule;
import io.couplet.scores.stopping.RunRule;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The early stopper: watches every run in the topics and orders those to stop that a rule finds hopeless. */
public final class EarlyStopper implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EarlyStopper.class);
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final String SESSION_MILLIS = "6000";

    private final EarlyStopperSettings settings;
    private final Tally tally = new Tally();
    private final KafkaStreams streams;
    private final KafkaStreamsMetrics streamsMetrics;
    private final RegistryPatience patience = new RegistryPatience();
    private final RecentFailures failures;
    private volatile @Nullable String failure;

    /**
     * Checks the settings and connects to nothing but the schema registry, if one is named.
     *
     * @throws EarlyStopperException when the state directory cannot be written to, or a client setting is wrong
     */
    public EarlyStopper(EarlyStopperSettings settings) {
        this(settings, new CompositeMeterRegistry());
    }

    /**
     * The same, with what it does in a registry.
     *
     * @throws EarlyStopperException when the state directory cannot be written to, or a client setting is wrong
     */
    public EarlyStopper(EarlyStopperSettings settings, MeterRegistry registry) {
        this(settings, registry, InstantSource.system());
    }

    EarlyStopper(EarlyStopperSettings settings, MeterRegistry registry, InstantSource clock) {
        this.settings = settings;
        failures = new RecentFailures(clock);
        try {
            Files.createDirectories(settings.stateDirectory());
            WireFormat format = WireFormat.of(settings.clientProperties());
            streams =
                    new KafkaStreams(StopperTopology.topology(rules(), tally, format, patience), properties(settings));
        } catch (IOException e) {
            throw new EarlyStopperException(
                    "The early stopper cannot write to " + settings.stateDirectory()
                            + ": choose another data directory.",
                    e);
        } catch (SchemaRegistryException e) {
            throw new EarlyStopperException(String.valueOf(e.getMessage()), e);
        } catch (KafkaException e) {
            throw new EarlyStopperException(
                    KafkaRefusal.sentence(settings.bootstrapServers(), e)
                            .orElse("The early stopper's Kafka settings are refused (" + e.getMessage()
                                    + "): correct them."),
                    e);
        }
        streams.setUncaughtExceptionHandler(this::onFailure);
        tally.measureIn(new StopperMeters(registry, tally, this::running));
        streamsMetrics = new KafkaStreamsMetrics(streams);
        streamsMetrics.bindTo(registry);
    }

    /** The rules that are always on. The explosion factor is the one by which the convergence score judges. */
    private static List<RunRule> rules() {
        return List.of(new DivergenceRule(ConvergenceSettings.forBudget(0, 0).explosionFactor()));
    }

    private static Properties properties(EarlyStopperSettings settings) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), SESSION_MILLIS);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), "2000");
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), "0");
        // There is no global store; without this Kafka Streams warns of its default. The constant is deprecated.
        properties.put("processing.exception.handler.global.enabled", true);
        properties.putAll(clientSettings(settings));
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, settings.applicationId());
        properties.put(StreamsConfig.STATE_DIR_CONFIG, settings.stateDirectory().toString());
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        properties.put(
                StreamsConfig.COMMIT_INTERVAL_MS_CONFIG,
                settings.commitInterval().toMillis());
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        return properties;
    }

    private static Map<String, Object> clientSettings(EarlyStopperSettings settings) {
        Map<String, Object> client = new HashMap<>(settings.clientProperties());
        client.put("bootstrap.servers", settings.bootstrapServers());
        return client;
    }

    /**
     * Starts to watch and returns at once.
     *
     * @throws EarlyStopperException in one sentence with the fix, when Kafka is away or a topic is missing; nothing is left
     *     running then
     */
    public EarlyStopper start() {
        try {
            requireTopics();
        } catch (EarlyStopperException e) {
            close();
            throw e;
        }
        streams.start();
        LOG.info("Early stopper {} watches the runs at {}", settings.applicationId(), settings.bootstrapServers());
        return this;
    }

    /** Whether it reads: it has its share of the partitions and has restored what was known of their runs. */
    public boolean running() {
        return streams.state() == KafkaStreams.State.RUNNING;
    }

    /** Why nothing is watched any more, in one sentence; null while it is. */
    public @Nullable String failure() {
        return failure;
    }

    /** What it has done since it was made. */
    public StopperCounts counts() {
        return tally.counts();
    }

    private void requireTopics() {
        Optional<String> hindrance;
        Map<String, Object> patient = clientSettings(settings);
        patient.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
        patient.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
        try (Admin admin = Admin.create(patient)) {
            hindrance = TopicAccess.hindrance(
                    admin, settings.bootstrapServers(), StopperTopology.read(), StopperTopology.written());
        } catch (ExecutionException | KafkaException e) {
            throw new EarlyStopperException(
                    KafkaRefusal.sentence(settings.bootstrapServers(), e)
                            .orElse(
                                    "Kafka at " + settings.bootstrapServers()
                                            + " did not describe its topics: check that it runs and that the address is right."),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EarlyStopperException("Interrupted while Kafka was asked for its topics: start again.", e);
        }
        if (hindrance.isPresent()) {
            throw new EarlyStopperException(hindrance.get());
        }
    }

    /** A thread that failed is replaced a few times; what it reads twice leads to the same commands. */
    StreamThreadExceptionResponse onFailure(Throwable cause) {
        Optional<String> refusal = KafkaRefusal.sentence(settings.bootstrapServers(), cause);
        if (refusal.isPresent()) {
            failure = refusal.get();
            LOG.error("No run is stopped early any more: {}", failure);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        int recently = failures.add();
        if (recently <= RecentFailures.REPLACEMENTS) {
            LOG.warn(
                    "The early stopper's thread failed and is replaced ({} of {})",
                    recently,
                    RecentFailures.REPLACEMENTS,
                    cause);
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        }
        failure = RecentFailures.told("The early stopper", recently, cause);
        LOG.error(
                "The early stopper failed for good: runs go on, but none is stopped early until it is started again",
                cause);
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }

    /** Ends within {@code 15} seconds and leaves its group, so that the next one need not wait for its session to expire. */
    @Override
    public void close() {
        patience.end();
        streamsMetrics.close();
        boolean ended = streams.close(
                CloseOptions.timeout(PATIENCE).withGroupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
        LOG.info(
                "Early stopper {} {}: {}", settings.applicationId(), ended ? "ended" : "did not end in time", counts());
    }
}
