package io.couplet.view.alerts;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.DeadLetter;
import io.couplet.schemas.KafkaRefusal;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.view.LiveViewException;
import io.couplet.view.alerts.Webhook.Outcome;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts alerts to a webhook, each at least once and, as long as this process lives, exactly once. A service that starts again goes on after what it has told; what
 * happened before it was first started is not told. One at a time has a group.
 */
public final class AlertService implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AlertService.class);
    private static final String SERVICE = "alerts";
    private static final Duration IDLE = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Duration REGISTRY_PAUSE = Duration.ofSeconds(1);
    private static final long COMMIT_MILLIS = 1_000;
    /** What a dead letter's body may take, well below what Kafka takes of a record: an alert says its reason twice. */
    private static final int MOST_BYTES = 500_000;
    /** How often in the least silence Kafka is asked how far it has come. */
    private static final int ASKED = 12;

    private final AlertSettings settings;
    private final InstantSource clock;
    private final AlertRules rules = new AlertRules();
    private final Silence silence;
    private final Outbox outbox;
    private final Webhook webhook;
    private final Thread thread;
    private final LongAdder raised = new LongAdder();
    private final LongAdder delivered = new LongAdder();
    private final LongAdder retries = new LongAdder();
    private final LongAdder deadLetters = new LongAdder();
    private final LongAdder unreadable = new LongAdder();
    private @Nullable AlertReader reader;
    private volatile @Nullable String failure;
    private volatile boolean closing;
    private volatile int pending;
    private volatile boolean caughtUp;
    private long judgedMillis;
    private long committedMillis;
    private AlertReader.@Nullable Ends horizon;
    private long horizonMillis;
    private long askedMillis;
    private boolean lateSaid;
    private boolean failing;
    private @Nullable String undeliverable;

    /** Connects to nothing. */
    public AlertService(AlertSettings settings, InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
        this.silence = new Silence(settings.leastSilence().toMillis(), clock.millis());
        this.outbox = new Outbox(settings.mostPending(), settings.patience(), settings.firstPause());
        this.webhook = new Webhook(settings.url(), settings.timeout());
        this.thread = new Thread(this::work, "couplet-alerts");
    }

    /**
     * Starts to read and to post.
     *
     * @throws LiveViewException in one sentence with the fix, when Kafka is away or a topic is missing
     */
    public AlertService start() {
        reader = AlertReader.open(settings, clock.millis());
        thread.start();
        LOG.info("Alerts go to {}", webhook.host());
        return this;
    }

    /** Puts what it does into a registry. */
    public AlertService measureIn(MeterRegistry registry) {
        counter(registry, "raised", "Alerts found in the records.", AlertCounts::raised);
        counter(registry, "delivered", "Alerts the webhook took.", AlertCounts::delivered);
        counter(registry, "retries", "Posts that failed.", AlertCounts::retries);
        counter(registry, "dead.letters", "Alerts that could not be delivered.", AlertCounts::deadLetters);
        counter(registry, "records.unreadable", "Records that could not be read.", AlertCounts::unreadable);
        Gauge.builder("couplet.alerts.pending", this, each -> each.pending)
                .description("Alerts in memory that are not delivered yet.")
                .strongReference(true)
                .register(registry);
        return this;
    }

    private void counter(MeterRegistry registry, String name, String description, ToDoubleFunction<AlertCounts> count) {
        FunctionCounter.builder("couplet.alerts." + name, this, each -> count.applyAsDouble(each.counts()))
                .description(description)
                .register(registry);
    }

    /** What it has done since it was made. */
    public AlertCounts counts() {
        return new AlertCounts(
                raised.sum(), delivered.sum(), retries.sum(), deadLetters.sum(), pending, unreadable.sum());
    }

    /** Whether it has read what was told before, and follows what comes. */
    public boolean following() {
        return caughtUp;
    }

    /** Why nothing is told any more, in one sentence; null while it is. */
    public @Nullable String failure() {
        return failure;
    }

    private void work() {
        try (AlertReader records = reader) {
            if (records == null) {
                return;
            }
            judgedMillis = records.judgedUntil();
            while (!closing && failure == null) {
                turn(records);
            }
            if (caughtUp) {
                commit(records);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            if (failure == null) {
                failure = "Alerts are no longer told (" + e.getClass().getSimpleName()
                        + "): see the log, and start it again.";
            }
            LOG.error("Alerts are no longer told", e);
        }
    }

    private void turn(AlertReader records) throws InterruptedException {
        try {
            Alert due = outbox.due(clock.millis());
            if (due != null) {
                tell(due);
            }
            boolean more = outbox.due(clock.millis()) != null;
            if (!outbox.isFull()) {
                read(records, more ? Duration.ZERO : IDLE);
            } else if (!more) {
                TimeUnit.MILLISECONDS.sleep(IDLE.toMillis());
            }
            if (caughtUp) {
                judgeSilence(records);
                if (clock.millis() - committedMillis >= COMMIT_MILLIS) {
                    commit(records);
                }
            }
        } catch (SchemaRegistryException e) {
            LOG.warn("Alerts wait for the schema registry: {}", e.getMessage());
            TimeUnit.MILLISECONDS.sleep(REGISTRY_PAUSE.toMillis());
        } catch (KafkaException e) {
            failure = KafkaRefusal.sentence(settings.bootstrapServers(), e).orElse(null);
            if (failure != null) {
                LOG.error("Alerts are no longer told: {}", failure);
                return;
            }
            silence.kafkaIsAway();
            LOG.warn("Kafka does not answer the alerts now: {}", e.getMessage());
            TimeUnit.MILLISECONDS.sleep(IDLE.toMillis());
        }
    }

    private void read(AlertReader records, Duration patience) {
        AlertReader.Turn turn = records.poll(rules, patience);
        unreadable.add(turn.unreadable());
        raise(turn.alerts());
        caughtUp = turn.following();
        if (turn.scored()) {
            silence.scored(clock.millis());
        }
    }

    /** As of a moment of which all that Kafka had then is read, however much has come since. */
    private void judgeSilence(AlertReader records) {
        long now = clock.millis();
        long least = settings.leastSilence().toMillis();
        if (now - askedMillis >= least / ASKED) {
            askedMillis = now;
            AlertReader.Ends ends = records.ends();
            silence.kafkaAnswers(now, ends.steps());
            if (horizon == null) {
                horizon = ends;
                horizonMillis = now;
            }
        }
        if (horizon != null && records.hasPassed(horizon)) {
            horizon = null;
            sayWhetherScoresAreLate();
            if (!silence.scoresAreLate()) {
                List<Alert> stalls = rules.stalls(horizonMillis, judgedMillis, least, silence.countedFromMillis());
                raise(stalls);
                judgedMillis = stalls.isEmpty() ? judgedMillis : horizonMillis;
            }
        }
    }

    private void sayWhetherScoresAreLate() {
        if (silence.scoresAreLate() && !lateSaid) {
            LOG.warn(
                    "Steps are written and no scores of them come: check the convergence job; until it works, no run is told as stalled");
        } else if (!silence.scoresAreLate() && lateSaid) {
            LOG.info("Scores come again");
        }
        lateSaid = silence.scoresAreLate();
    }

    private void raise(List<Alert> alerts) {
        raised.add(alerts.size());
        outbox.add(alerts, clock.millis());
        pending = outbox.size();
    }

    private void tell(Alert alert) throws InterruptedException {
        if (undeliverable == null) {
            post(alert);
        }
        if (undeliverable != null) {
            bury(alert, undeliverable);
            undeliverable = null;
        }
        pending = outbox.size();
    }

    private void post(Alert alert) throws InterruptedException {
        Outcome outcome = webhook.post(alert);
        if (outcome instanceof Outcome.Delivered) {
            delivered.increment();
            outbox.settled();
            if (failing) {
                LOG.info("{} takes alerts again", webhook.host());
            }
            failing = false;
        } else if (outcome instanceof Outcome.Refused refused) {
            undeliverable = refused.cause();
        } else if (outcome instanceof Outcome.TryAgain again) {
            retries.increment();
            if (!failing) {
                LOG.warn("{}; alerts wait and are tried again", again.cause());
            }
            failing = true;
            if (!outbox.failed(clock.millis(), again.notBefore().toMillis())) {
                undeliverable = again.cause() + " for " + settings.patience().toSeconds() + " s";
            }
        }
    }

    /** Into the dead letters, without its text where that is too long for them; when Kafka does not take it either, it stays where it is. */
    private void bury(Alert alert, String cause) throws InterruptedException {
        byte[] body = alert.json().getBytes(UTF_8);
        boolean fits = body.length <= MOST_BYTES;
        LOG.warn("The alert {} goes to the dead letters: {}", alert.id(), cause);
        Map<String, Object> properties = new HashMap<>(settings.clientProperties());
        properties.put("bootstrap.servers", settings.bootstrapServers());
        properties.put("acks", "all");
        properties.put("max.block.ms", PATIENCE.toMillis());
        String key = alert.run() == null ? alert.study() : alert.run();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(DeadLetter.of(
                            key.getBytes(UTF_8),
                            fits ? body : null,
                            alert.origin().topic(),
                            alert.origin().partition(),
                            alert.origin().offset(),
                            SERVICE,
                            fits ? cause : cause + "; its text is too long to be kept, and is in the record itself"))
                    .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            deadLetters.increment();
            outbox.settled();
        } catch (ExecutionException | TimeoutException e) {
            throw new KafkaException("The dead letters took nothing", e);
        }
    }

    private void commit(AlertReader records) {
        committedMillis = clock.millis();
        records.commit(outbox.settledUpTo(records.positions()), outbox.judgedUntil(judgedMillis), committedMillis);
    }

    /** Remembers what has been told and ends; what has not been told is told by the next one. */
    @Override
    public void close() {
        closing = true;
        try {
            thread.join(PATIENCE.plus(settings.timeout()).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LOG.info("Alerts end: {}", counts());
    }
}
