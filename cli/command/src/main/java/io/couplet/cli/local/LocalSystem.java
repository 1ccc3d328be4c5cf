package io.couplet.cli.local;

import io.couplet.flink.AnalyticsCluster;
import io.couplet.producers.Submission;
import io.couplet.producers.SubmissionException;
import io.couplet.schemas.SchemaRegistry;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.stopper.EarlyStopper;
import io.couplet.stopper.EarlyStopperSettings;
import io.couplet.trainer.worker.TrainerService;
import io.couplet.trainer.worker.TrainerSettings;
import io.couplet.trainer.worker.TrainingImages;
import io.couplet.view.LiveView;
import io.couplet.view.LiveViewSettings;
import io.couplet.view.model.ViewModel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything on one machine, for one study or for what {@code couplet tail} reads: the broker in a process of its own, and in this one the Flink jobs, the early
 * stopper, the live view and, once something is to be trained, the trainer. Started in the order of the data, closed in reverse, so that the last records
 * of a closing part still find what they are for.
 */
public final class LocalSystem implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LocalSystem.class);
    private static final int ANALYTICS_PARALLELISM = 1;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final DataDirectory data;
    private final LocalSettings settings;
    private final MeterRegistry registry;
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private @Nullable BrokerProcess broker;
    private @Nullable AnalyticsCluster analytics;
    private @Nullable EarlyStopper stopper;
    private @Nullable LiveView view;
    private @Nullable TrainerService trainer;

    private LocalSystem(DataDirectory data, LocalSettings settings, MeterRegistry registry) {
        this.registry = registry;
        this.data = data;
        this.settings = settings;
    }

    /**
     * Starts all that watches and decides; nothing is trained before {@link #train}.
     *
     * @param told hears in a few words what is being started
     * @throws UserError when the user can mend it; other parts throw their own exceptions, one sentence each
     */
    public static LocalSystem start(DataDirectory data, LocalSettings settings, Consumer<String> told)
            throws InterruptedException {
        return start(data, settings, new CompositeMeterRegistry(), told);
    }

    /** The same, with what all parts do in a registry. */
    public static LocalSystem start(
            DataDirectory data, LocalSettings settings, MeterRegistry registry, Consumer<String> told)
            throws InterruptedException {
        LocalSystem system = new LocalSystem(data, settings, registry);
        try {
            system.startParts(told);
            return system;
        } catch (InterruptedException | RuntimeException e) {
            system.close();
            throw e;
        }
    }

    private void startParts(Consumer<String> told) throws InterruptedException {
        told.accept("the broker");
        BrokerProcess startedBroker = keep(BrokerProcess.start(data.kafka(), 0));
        broker = startedBroker;
        createTopics();
        told.accept("the page");
        LocalSettings.Page page = settings.page();
        Map<String, String> ofOrders = new HashMap<>(settings.clientProperties());
        ofOrders.put("bootstrap.servers", startedBroker.bootstrapServers());
        KafkaOrders orders = page.orders() ? keep(new KafkaOrders(ofOrders)) : null;
        LiveView startedView = keep(new LiveView(
                new LiveViewSettings(
                        startedBroker.bootstrapServers(),
                        settings.clientProperties(),
                        data.streams().resolve("view"),
                        page.host(),
                        page.port(),
                        page.access()),
                KnownFamilies.byName(),
                orders));
        view = startedView;
        if (registry instanceof PrometheusMeterRegistry scraped) {
            startedView.measureIn(registry, scraped::scrape);
        }
        startedView.start();
        told.accept("the Flink jobs");
        analytics = keep(AnalyticsCluster.start(
                startedBroker.bootstrapServers(),
                settings.clientProperties(),
                data.checkpoints(),
                ANALYTICS_PARALLELISM));
        told.accept("the early stopper");
        stopper = keep(new EarlyStopper(
                        EarlyStopperSettings.of(
                                startedBroker.bootstrapServers(),
                                settings.clientProperties(),
                                data.streams().resolve("stopper")),
                        registry)
                .start());
        AnalyticsMeters.bind(registry);
        RunningSystem.announce(
                data.root(),
                startedBroker.bootstrapServers(),
                startedView.address().toString(),
                settings.clientProperties().get(SchemaRegistry.URL));
        started.push(() -> RunningSystem.withdraw(data.root()));
    }

    private void createTopics() throws InterruptedException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
            if (settings.clientProperties().containsKey(SchemaRegistry.URL)) {
                SchemaRegistry.of(settings.clientProperties()).registerMissing();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("The topics could not be created: " + e.getCause(), e);
        }
    }

    /**
     * Submits what is missing of a study and starts to train it.
     *
     * @param images shared with the trainer, so that they are read once
     */
    public Submission.Result train(StudySpecification study, TrainingImages images) throws InterruptedException {
        try {
            Submission.Result result = new Submission(bootstrapServers(), settings.clientProperties(), PATIENCE)
                    .submit(study.requests(System.currentTimeMillis(), Anchors.of(study)), Submission.Failed.RETRY);
            trainer = keep(TrainerService.start(trainerSettings(study), images, InstantSource.system(), registry));
            return result;
        } catch (SubmissionException | IOException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    private TrainerSettings trainerSettings(StudySpecification study) {
        TrainerSettings common = TrainerSettings.of(
                        bootstrapServers(),
                        settings.clientProperties(),
                        settings.devices(),
                        data.spool(),
                        settings.coupletVersion(),
                        settings.gitRevision())
                .withOnlyStudy(study.requests(0));
        return settings.trainer().apply(common, data.runs());
    }

    /** Kafka's address. */
    public String bootstrapServers() {
        if (broker == null) {
            throw new IllegalStateException("the broker is not up");
        }
        return broker.bootstrapServers();
    }

    /** Address of the page. */
    public URI dashboard() {
        return view().address();
    }

    /** What has happened so far, live. */
    public ViewModel model() {
        return view().model();
    }

    private LiveView view() {
        if (view == null) {
            throw new IllegalStateException("the view is not up");
        }
        return view;
    }

    /** Why a part has ended though it should not; empty while all goes well. */
    public Optional<String> failure() {
        if (broker != null && !broker.isAlive()) {
            return Optional.of(
                    "The broker's process has ended; its log is " + data.kafka().resolve("broker.log"));
        }
        if (analytics != null && analytics.failure().isCompletedExceptionally()) {
            return Optional.of(reason(analytics));
        }
        return Stream.of(
                        stopper == null ? null : stopper.failure(),
                        view == null ? null : view.failure(),
                        trainer == null ? null : trainer.failure())
                .filter(Objects::nonNull)
                .findFirst();
    }

    private static String reason(AnalyticsCluster analytics) {
        try {
            analytics.failure().join();
            return "";
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            return String.valueOf(cause.getMessage());
        }
    }

    private <T extends AutoCloseable> T keep(T part) {
        started.push(part);
        return part;
    }

    @Override
    public void close() {
        while (!started.isEmpty()) {
            AutoCloseable part = started.pop();
            try {
                part.close();
            } catch (Exception e) { // One part that does not close must not keep the others open.
                LOG.warn("{} did not close", part.getClass().getSimpleName(), e);
            }
        }
    }
}
