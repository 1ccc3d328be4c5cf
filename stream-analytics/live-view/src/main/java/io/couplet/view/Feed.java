package io.couplet.view;

import io.couplet.schemas.KafkaRefusal;
import io.couplet.schemas.RecentFailures;
import io.couplet.schemas.RegistryPatience;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.TopicAccess;
import io.couplet.schemas.WireFormat;
import io.couplet.view.model.ViewModel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Kafka Streams around the model: from the beginning of every topic, under a group of its own that ends with it. */
final class Feed implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Feed.class);
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Duration BETWEEN_CHECKS = Duration.ofSeconds(10);

    private final Map<String, Object> clientSettings;
    private final String applicationId = LiveViewSettings.GROUP_PREFIX + UUID.randomUUID();
    private final KafkaStreams streams;
    private final RegistryPatience patience = new RegistryPatience();
    private final SourceCheck sources;
    private final ScheduledExecutorService checks = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "couplet-view-sources");
        thread.setDaemon(true);
        return thread;
    });
    private final RecentFailures failures = new RecentFailures(InstantSource.system());
    private volatile @Nullable String failure;
    private volatile boolean started;
    private @Nullable Admin checking;
    private @Nullable KafkaStreamsMetrics streamsMetrics;

    Feed(LiveViewSettings settings, ViewModel model) {
        sources = new SourceCheck(RecordIntake.topics(), model, PATIENCE);
        clientSettings = new HashMap<>(settings.clientProperties());
        clientSettings.put("bootstrap.servers", settings.bootstrapServers());
        Properties properties = new Properties();
        properties.putAll(clientSettings);
        // There is no global store; without this Kafka Streams warns of its default. The constant is deprecated.
        properties.put("processing.exception.handler.global.enabled", true);
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, settings.stateDirectory().toString());
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 2000);
        // The model does not ask in which order topics are read, and asking which partition might lag costs more than a
        // record.
        properties.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, StreamsConfig.MAX_TASK_IDLE_MS_DISABLED);
        // Its producer sends nothing. As an idempotent one it would ask for a producer id all the same, and, where the
        // view may write no topic, again and again.
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG), false);
        try {
            WireFormat format = WireFormat.of(settings.clientProperties());
            streams = new KafkaStreams(ViewTopology.of(model, format, RecordIntake.topics(), patience), properties);
        } catch (SchemaRegistryException e) {
            throw new LiveViewException(String.valueOf(e.getMessage()), e);
        } catch (KafkaException e) {
            throw unreachable("become known by its name", e);
        }
        streams.setUncaughtExceptionHandler(this::onFailure);
    }

    /**
     * Starts to read.
     *
     * @throws LiveViewException when Kafka is away or topics are missing
     */
    void start() {
        requireTopics();
        started = true;
        streams.start();
        Admin admin = admin();
        checking = admin;
        checks.scheduleWithFixedDelay(
                () -> check(admin), BETWEEN_CHECKS.toMillis(), BETWEEN_CHECKS.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void check(Admin admin) {
        try {
            Optional<String> change = failure == null ? sources.change(admin) : Optional.empty();
            if (change.isPresent()) {
                failure = change.get();
                LOG.error("What the page shows is no longer so: {}", failure);
            }
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            LOG.debug("Whether the topics are still the same is asked again later", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Puts Kafka Streams' own metrics into a registry. */
    void measureIn(MeterRegistry registry) {
        KafkaStreamsMetrics metrics = new KafkaStreamsMetrics(streams);
        metrics.bindTo(registry);
        streamsMetrics = metrics;
    }

    /** Why nothing is read any more, or what was read is no longer so, in one sentence; null while all is well. */
    @Nullable
    String failure() {
        return failure;
    }

    private void requireTopics() {
        withAdmin("describe its topics", admin -> {
                    Optional<String> hindrance =
                            TopicAccess.hindrance(admin, bootstrapServers(), RecordIntake.topics(), List.of());
                    return hindrance.isPresent() ? hindrance : sources.change(admin);
                })
                .ifPresent(hindrance -> {
                    throw new LiveViewException(hindrance);
                });
    }

    /** A call on a Kafka admin client. */
    private interface AdminCall<T> {
        T on(Admin admin) throws ExecutionException, TimeoutException, InterruptedException;
    }

    private <T> T withAdmin(String what, AdminCall<T> call) {
        Admin admin = null;
        try {
            admin = admin();
            return call.on(admin);
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            throw unreachable(what, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LiveViewException("Interrupted while Kafka was asked to " + what + ": start again.", e);
        } finally {
            if (admin != null) {
                // Without a limit it would wait for an answer that may never come.
                admin.close(Duration.ZERO);
            }
        }
    }

    private Admin admin() {
        Map<String, Object> patient = new HashMap<>(clientSettings);
        patient.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
        patient.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
        return Admin.create(patient);
    }

    private LiveViewException unreachable(String what, Exception cause) {
        return new LiveViewException(
                KafkaRefusal.sentence(bootstrapServers(), cause)
                        .orElse("Kafka at " + bootstrapServers() + " did not " + what
                                + ": check that it runs and that the address is right."),
                cause);
    }

    private String bootstrapServers() {
        return String.valueOf(clientSettings.get("bootstrap.servers"));
    }

    /** A thread that failed is replaced a few times; positions read twice by it count once in the model. */
    StreamThreadExceptionResponse onFailure(Throwable cause) {
        Optional<String> refusal = KafkaRefusal.sentence(bootstrapServers(), cause);
        if (refusal.isPresent()) {
            failure = refusal.get();
            LOG.error("The view reads no more: {}", failure);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        int recently = failures.add();
        if (recently <= RecentFailures.REPLACEMENTS) {
            LOG.warn(
                    "The view's reader failed and is replaced ({} of {})",
                    recently,
                    RecentFailures.REPLACEMENTS,
                    cause);
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        }
        failure = RecentFailures.told("The view's reader", recently, cause);
        LOG.error("The view's reader failed for good; the page shows what was read until now", cause);
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }

    @Override
    public void close() {
        checks.shutdownNow();
        if (checking != null) {
            checking.close(Duration.ZERO);
        }
        patience.end();
        if (streamsMetrics != null) {
            streamsMetrics.close();
        }
        streams.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                .withTimeout(PATIENCE));
        streams.cleanUp();
        if (!started) {
            return;
        }
        try {
            withAdmin(
                    "forget the view's group",
                    admin -> admin.deleteConsumerGroups(List.of(applicationId))
                            .all()
                            .get(2, TimeUnit.SECONDS));
        } catch (LiveViewException e) {
            // Kafka forgets an empty group by itself; it may well be down before the view is.
            LOG.debug("The group {} was left to expire", applicationId, e);
        }
    }
}
