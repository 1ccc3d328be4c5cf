package io.couplet.trainer.worker;

import io.couplet.producers.MetricPublisher;
import io.couplet.producers.PublisherSettings;
import io.couplet.schemas.KafkaRefusal;
import io.couplet.schemas.Topic;
import io.couplet.schemas.TopicAccess;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A trainer process: as many workers as devices, one publisher and one ledger for all of them. */
public final class TrainerService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TrainerService.class);
    private static final Duration SHUTDOWN = Duration.ofSeconds(60);
    /** The broker's own upper bound: a request that is given back often is not to be lost. */
    static final int DELIVERIES = 10;

    private static final List<String> READ = Stream.of(Topics.RUN_REQUESTS, Topics.RUN_EVENTS, Topics.RUN_COMMANDS)
            .map(Topic::name)
            .toList();
    private static final List<String> WRITTEN = List.of(
            Topics.RUN_REQUESTS.name(),
            Topics.RUN_EVENTS.name(),
            Topics.STEP_METRICS.name(),
            Topics.EVALUATIONS.name(),
            Topics.LAYER_STATISTICS.name(),
            Topics.DEAD_LETTERS);

    private final List<Worker> workers = new ArrayList<>();
    private final MetricPublisher publisher;
    private final PromptProducer prompt;
    private final RunLedger ledger;
    private volatile boolean closed;

    private TrainerService(TrainerSettings settings, TrainingImages images, InstantSource clock, MeterRegistry registry)
            throws IOException {
        Map<String, Object> properties = properties(settings);
        WireFormat format = WireFormat.of(settings.clientProperties());
        publisher = MetricPublisher.open(
                PublisherSettings.of(
                        settings.bootstrapServers(), settings.clientProperties(), settings.spoolDirectory()),
                clock,
                registry);
        prompt = new PromptProducer(properties);
        ledger = new RunLedger(properties, format, registry);
        TrainerMeters meters = new TrainerMeters(registry, settings.devices());
        DeviceSlots slots = new DeviceSlots(settings.devices());
        for (int i = 0; i < settings.devices().size(); i++) {
            workers.add(new Worker(
                    i, slots, settings, properties, format, images, publisher, prompt, ledger, clock, meters));
        }
    }

    /**
     * Starts to work off the queue.
     *
     * @param images shared with whoever has read them already
     * @throws IOException when the spool directory cannot be used, in one sentence with the fix
     * @throws IllegalStateException when Kafka refuses, is too old, or the topics do not exist, in one sentence
     * @throws io.couplet.schemas.SchemaRegistryException when a schema registry is named that is away or lacks a schema
     */
    public static TrainerService start(TrainerSettings settings, TrainingImages images, InstantSource clock)
            throws IOException, InterruptedException {
        return start(settings, images, clock, new CompositeMeterRegistry());
    }

    /** The same, with what it does in a registry. */
    public static TrainerService start(
            TrainerSettings settings, TrainingImages images, InstantSource clock, MeterRegistry registry)
            throws IOException, InterruptedException {
        prepareGroup(settings);
        TrainerService service = new TrainerService(settings, images, clock, registry);
        service.ledger.start();
        service.workers.forEach(Worker::start);
        LOG.info("the trainer works on {}", settings.devices());
        return service;
    }

    /** Starts with images of its own and the system's clock. */
    public static TrainerService start(TrainerSettings settings) throws IOException, InterruptedException {
        return start(settings, new TrainingImages(settings.dataRoot()), InstantSource.system());
    }

    /** Starts with images of its own and the system's clock, with what it does in a registry. */
    public static TrainerService start(TrainerSettings settings, MeterRegistry registry)
            throws IOException, InterruptedException {
        return start(settings, new TrainingImages(settings.dataRoot()), InstantSource.system(), registry);
    }

    /** Why it no longer trains as it should, in one sentence; null while it does. That Kafka is away is no reason: it trains on and spools. */
    public @Nullable String failure() {
        if (closed) {
            return null;
        }
        if (ledger.hasEnded()) {
            return "What other trainers do is no longer read: see the trainer's log, and start it again.";
        }
        if (publisher.hasEnded()) {
            return "What it measures is no longer sent: see the trainer's log, and start it again.";
        }
        long ended = workers.stream().filter(Worker::hasEnded).count();
        return ended == 0
                ? null
                : ended + " of " + workers.size() + " workers have ended: see the trainer's log, and start it again.";
    }

    private static Map<String, Object> properties(TrainerSettings settings) {
        Map<String, Object> properties = new HashMap<>(settings.clientProperties());
        properties.put("bootstrap.servers", settings.bootstrapServers());
        return properties;
    }

    /** A new share group begins at the latest record, and then what was submitted before the trainer came would never be trained. */
    private static void prepareGroup(TrainerSettings settings) throws InterruptedException {
        ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, settings.group());
        List<AlterConfigOp> operations = List.of(
                set("share.auto.offset.reset", "earliest"),
                set(
                        "share.record.lock.duration.ms",
                        Long.toString(settings.lock().toMillis())),
                set("share.delivery.count.limit", Integer.toString(DELIVERIES)));
        Optional<String> hindrance;
        try (Admin admin = Admin.create(properties(settings))) {
            hindrance = TopicAccess.hindrance(admin, settings.bootstrapServers(), READ, WRITTEN);
            if (hindrance.isPresent()) {
                throw new IllegalStateException(hindrance.get());
            }
            if (!hasShareGroups(admin)) {
                throw new IllegalStateException(withoutShareGroups(settings));
            }
            admin.incrementalAlterConfigs(Map.of(group, operations)).all().get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IllegalStateException(
                    KafkaRefusal.sentence(settings.bootstrapServers(), e)
                            .orElse(
                                    isOfAnOldKafka(cause)
                                            ? withoutShareGroups(settings)
                                            : "Kafka at " + settings.bootstrapServers()
                                                    + " refuses the trainers' group: " + cause.getMessage()),
                    e);
        }
    }

    private static boolean hasShareGroups(Admin admin) throws ExecutionException, InterruptedException {
        FinalizedVersionRange version = admin.describeFeatures()
                .featureMetadata()
                .get()
                .finalizedFeatures()
                .get("share.version");
        return version != null && version.maxVersionLevel() > 0;
    }

    /** Whether Kafka did not understand what it was asked. */
    private static boolean isOfAnOldKafka(Throwable cause) {
        return cause instanceof UnsupportedVersionException
                || cause instanceof InvalidConfigurationException
                || cause instanceof InvalidRequestException;
    }

    private static String withoutShareGroups(TrainerSettings settings) {
        return "Kafka at " + settings.bootstrapServers()
                + " has no share groups, which trainers read the queue with: they need Kafka 4.2 or newer with share groups"
                + " (kafka-features.sh upgrade --feature share.version=1).";
    }

    private static AlterConfigOp set(String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
    }

    /** Stops every training between two steps, gives the requests back, and sends or spools what is not sent yet. Closing twice is closing once. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        workers.forEach(Worker::beginClose);
        try {
            long deadline = System.nanoTime() + SHUTDOWN.toNanos();
            for (Worker worker : workers) {
                Duration left = Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
                if (!worker.join(left)) {
                    LOG.warn("a worker did not end within {} seconds", SHUTDOWN.toSeconds());
                }
            }
            ledger.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        prompt.close();
        publisher.close();
    }
}
