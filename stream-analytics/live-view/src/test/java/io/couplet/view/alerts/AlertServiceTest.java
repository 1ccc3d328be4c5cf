package io.couplet.view.alerts;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.DeadLetter;
import io.couplet.schemas.Topic;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.view.LiveViewException;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** Alerts on a real broker, to a receiver that fails, hangs and comes back. */
@Timeout(180)
class AlertServiceTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String DIVERGED = Told.FIRST + ".a1.diverged";
    private static final String FINISHED = Told.STUDY + ".finished.2";

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();

    @BeforeEach
    void createTopics() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
        }
        log.start();
        ((Logger) LoggerFactory.getLogger("io.couplet")).addAppender(log);
    }

    @AfterEach
    void stopBroker() {
        ((Logger) LoggerFactory.getLogger("io.couplet")).detachAppender(log);
        broker.close();
    }

    @Test
    void eachEventIsToldOnceThroughFailuresHangsAndRestarts() throws Exception {
        write(Topics.RUN_EVENTS, Told.event(Told.SECOND, 1, RunEventKind.FAILED, 1, 100));
        try (Receiver receiver = new Receiver()) {
            try (AlertService alerts = service(receiver.url(), Duration.ofMinutes(15))) {
                await().atMost(PATIENCE).until(alerts::following);
                write(Topics.RUN_REQUESTS, Told.request(Told.FIRST));
                write(Topics.RUN_EVENTS, Told.event(Told.FIRST, 1, RunEventKind.STARTED, 0, 1_000));
                receiver.answer = 500;
                write(Topics.RUN_EVENTS, Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000));
                await().atMost(PATIENCE).until(() -> receiver.posts.get() >= 2);
                receiver.answer = Receiver.HANG;
                int before = receiver.posts.get();
                await().atMost(PATIENCE).until(() -> receiver.posts.get() >= before + 2);
                assertThat(receiver.ids).isEmpty();
                receiver.answer = 200;
                // The run that failed before the service was ever started is history, and still counts for the study.
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(receiver.ids).containsExactly(DIVERGED, FINISHED));
                assertThat(alerts.counts().retries()).isGreaterThanOrEqualTo(4);
                assertThat(alerts.counts().raised()).isEqualTo(2);
                assertThat(alerts.counts().delivered()).isEqualTo(2);
                assertThat(alerts.counts().deadLetters()).isZero();
                assertThat(alerts.failure()).isNull();
            }
            write(Topics.RUN_COMMANDS, Told.stop(Told.FIRST, false));
            try (AlertService again = service(receiver.url(), Duration.ofMinutes(15))) {
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(receiver.ids)
                                .containsExactly(DIVERGED, FINISHED, Told.FIRST + ".a1.transfer"));
                await().atMost(PATIENCE).until(again::following);
                assertThat(again.counts().raised()).isEqualTo(1);
            }
        }
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .allSatisfy(line -> assertThat(line).doesNotContain(Receiver.SECRET));
    }

    @Test
    void whatIsNotDeliveredIsToldByTheNextService() throws Exception {
        try (Receiver receiver = new Receiver()) {
            receiver.answer = 503;
            try (AlertService alerts = service(receiver.url(), Duration.ofMinutes(15))) {
                await().atMost(PATIENCE).until(alerts::following);
                write(Topics.RUN_EVENTS, Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000));
                await().atMost(PATIENCE).until(() -> receiver.posts.get() >= 1);
            }
            receiver.answer = 200;
            try (AlertService again = service(receiver.url(), Duration.ofMinutes(15))) {
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(receiver.ids).containsExactly(DIVERGED));
                assertThat(again.counts().raised()).isEqualTo(1);
            }
        }
    }

    @Test
    void whatCannotBeDeliveredIsCountedAndKeptWithItsCause() throws Exception {
        try (Receiver receiver = new Receiver()) {
            receiver.answer = 500;
            try (AlertService alerts = service(receiver.url(), Duration.ofMillis(500))) {
                await().atMost(PATIENCE).until(alerts::following);
                write(Topics.RUN_EVENTS, Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000));
                await().atMost(PATIENCE).until(() -> alerts.counts().deadLetters() == 1);
                receiver.answer = 410;
                write(Topics.RUN_EVENTS, Told.event(Told.SECOND, 1, RunEventKind.FAILED, 3, 3_000));
                await().atMost(PATIENCE).until(() -> alerts.counts().deadLetters() == 2);
                assertThat(alerts.counts().pending()).isZero();
            }
        }
        List<ConsumerRecord<byte[], byte[]>> letters = deadLetters(2);
        assertThat(letters)
                .extracting(AlertServiceTest::cause)
                .satisfiesExactly(
                        cause -> assertThat(cause).matches("127.0.0.1 answered with status 500 for 0 s"),
                        cause -> assertThat(cause).isEqualTo("127.0.0.1 answered with status 410"));
        assertThat(letters).allSatisfy(letter -> {
            assertThat(header(letter, DeadLetter.SERVICE)).isEqualTo("alerts");
            assertThat(header(letter, DeadLetter.TOPIC)).isEqualTo(Topics.RUN_EVENTS.name());
            assertThat(new String(letter.value(), UTF_8))
                    .contains("\"event\":\"run-")
                    .doesNotContain(Receiver.SECRET);
        });
    }

    @Test
    void anOrderWhoseIdNoHeaderCarriesIsToldAndSilencesNothing() throws Exception {
        String hostile = "stop\r\nX-Injected: €\u001b[2J" + "x".repeat(500);
        try (Receiver receiver = new Receiver();
                AlertService alerts = service(receiver.url(), Duration.ofMinutes(15))) {
            await().atMost(PATIENCE).until(alerts::following);
            RunCommand stop = Told.stop(Told.FIRST, false);
            stop.setCommandId(hostile);
            write(Topics.RUN_COMMANDS, stop);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(receiver.ids).containsExactly(hostile));
            write(Topics.RUN_EVENTS, Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(receiver.ids).containsExactly(hostile, DIVERGED));
            assertThat(receiver.keys)
                    .satisfiesExactly(
                            key -> assertThat(key).matches("[0-9a-f]{64}"),
                            key -> assertThat(key).isEqualTo(DIVERGED));
            assertThat(alerts.failure()).isNull();
        }
    }

    @Test
    void anAlertTooLongForTheDeadLettersIsBuriedWithoutItsTextAndHoldsUpNothing() throws Exception {
        try (Receiver receiver = new Receiver();
                AlertService alerts = service(receiver.url(), Duration.ofMinutes(15))) {
            await().atMost(PATIENCE).until(alerts::following);
            receiver.answer = 413;
            RunEvent failed = Told.event(Told.FIRST, 1, RunEventKind.FAILED, 41, 2_000);
            failed.setReason("x".repeat(600_000));
            write(Topics.RUN_EVENTS, failed);
            await().atMost(PATIENCE).until(() -> alerts.counts().deadLetters() == 1);
            assertThat(alerts.counts().pending()).isZero();
        }
        assertThat(deadLetters(1)).singleElement().satisfies(letter -> {
            assertThat(letter.value()).isNull();
            assertThat(cause(letter)).contains("status 413").contains("too long");
            assertThat(header(letter, DeadLetter.OFFSET)).isEqualTo("0");
        });
    }

    @Test
    void aSilentRunIsToldAsStalledOnceAlsoAfterARestart() throws Exception {
        try (Receiver receiver = new Receiver()) {
            try (AlertService alerts = service(receiver.url(), Duration.ofMinutes(15))) {
                await().atMost(PATIENCE).until(alerts::following);
                long now = System.currentTimeMillis();
                write(Topics.RUN_EVENTS, Told.event(Told.FIRST, 1, RunEventKind.STARTED, 0, now));
                await().atMost(PATIENCE)
                        .untilAsserted(
                                () -> assertThat(receiver.ids).containsExactly(Told.FIRST + ".a1.stalled." + now));
            }
            try (AlertService again = service(receiver.url(), Duration.ofMinutes(15))) {
                await().atMost(PATIENCE).until(again::following);
                write(Topics.RUN_EVENTS, Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000));
                await().atMost(PATIENCE).until(() -> receiver.ids.size() == 2);
                assertThat(receiver.ids.get(1)).isEqualTo(DIVERGED);
            }
        }
    }

    @Test
    void aSilentRunIsToldAsStalledWhileAnotherTrains() throws Exception {
        try (Receiver receiver = new Receiver();
                AlertService alerts = service(receiver.url(), Duration.ofMinutes(15))) {
            await().atMost(PATIENCE).until(alerts::following);
            long now = System.currentTimeMillis();
            write(Topics.RUN_EVENTS, Told.event(Told.FIRST, 1, RunEventKind.STARTED, 0, now));
            try (Unceasing scores = new Unceasing(
                    Topics.CONVERGENCE_SCORES, step -> Told.score(Told.SECOND, step, System.currentTimeMillis()))) {
                await().atMost(PATIENCE)
                        .untilAsserted(
                                () -> assertThat(receiver.ids).containsExactly(Told.FIRST + ".a1.stalled." + now));
                assertThat(scores.sent.get()).isPositive();
            }
        }
    }

    @Test
    void noRunIsToldAsStalledWhileStepsComeAndNoScores() throws Exception {
        try (Receiver receiver = new Receiver();
                AlertService alerts = service(receiver.url(), Duration.ofMinutes(15))) {
            await().atMost(PATIENCE).until(alerts::following);
            long began = System.currentTimeMillis() - 10_000;
            try (Unceasing steps = new Unceasing(Topics.STEP_METRICS, step -> Told.step(Told.SECOND, step))) {
                await().atMost(PATIENCE).until(() -> logged("Steps are written and no scores of them come"));
                write(Topics.RUN_EVENTS, Told.event(Told.FIRST, 1, RunEventKind.STARTED, 0, began));
                int before = steps.sent.get();
                await().atMost(PATIENCE).until(() -> steps.sent.get() > before + 20);
                write(Topics.RUN_COMMANDS, Told.stop(Told.SECOND, false));
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(receiver.ids).containsExactly(Told.SECOND + ".a1.transfer"));
            }
            write(Topics.CONVERGENCE_SCORES, Told.score(Told.SECOND, 9, System.currentTimeMillis()));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(receiver.ids).endsWith(Told.FIRST + ".a1.stalled." + began));
        }
    }

    private boolean logged(String begin) {
        return List.copyOf(log.list).stream()
                .anyMatch(line -> line.getFormattedMessage().startsWith(begin));
    }

    /** A record every few milliseconds, until it is closed. */
    private final class Unceasing implements AutoCloseable {
        private final AtomicInteger sent = new AtomicInteger();
        private final Thread thread;
        private volatile boolean closing;

        <T extends SpecificRecord> Unceasing(Topic<T> topic, IntFunction<T> made) {
            thread = new Thread(() -> send(topic, made));
            thread.start();
        }

        private <T extends SpecificRecord> void send(Topic<T> topic, IntFunction<T> made) {
            try (KafkaProducer<byte[], byte[]> producer = producer()) {
                while (!closing) {
                    T record = made.apply(sent.get() + 1);
                    byte[] key = String.valueOf(record.get(0)).getBytes(UTF_8);
                    producer.send(new ProducerRecord<>(
                                    topic.name(), key, topic.wire().encode(record)))
                            .get();
                    sent.incrementAndGet();
                    TimeUnit.MILLISECONDS.sleep(20);
                }
            } catch (InterruptedException | ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() throws InterruptedException {
            closing = true;
            thread.join();
        }
    }

    @Test
    void withoutTopicsOrAnAddressTheFixIsSaid() {
        assertThatThrownBy(() -> service(URI.create("ftp://somewhere/" + Receiver.SECRET), PATIENCE))
                .hasMessageContaining("http://")
                .message()
                .doesNotContain(Receiver.SECRET);
        try (EmbeddedBroker empty = EmbeddedBroker.startInTemporaryDirectory()) {
            AlertService alerts = new AlertService(
                    AlertSettings.of(empty.bootstrapServers(), Map.of(), URI.create("http://127.0.0.1:1/"), PATIENCE),
                    InstantSource.system());
            assertThatThrownBy(alerts::start)
                    .isInstanceOf(LiveViewException.class)
                    .hasMessageContaining("couplet topics create");
        }
    }

    private AlertService service(URI url, Duration patience) {
        return new AlertService(
                        new AlertSettings(
                                broker.bootstrapServers(),
                                Map.of(),
                                AlertSettings.GROUP,
                                url,
                                patience,
                                Duration.ofMillis(20),
                                Duration.ofMillis(500),
                                Duration.ofSeconds(1),
                                100),
                        InstantSource.system())
                .start();
    }

    private <T extends SpecificRecord> void write(Topic<T> topic, T record) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            byte[] key = String.valueOf(record.get(0)).getBytes(UTF_8);
            producer.send(new ProducerRecord<>(topic.name(), key, topic.wire().encode(record)))
                    .get();
        }
    }

    private KafkaProducer<byte[], byte[]> producer() {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private List<ConsumerRecord<byte[], byte[]>> deadLetters(int count) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partition = List.of(new TopicPartition(Topics.DEAD_LETTERS, 0));
            consumer.assign(partition);
            consumer.seekToBeginning(partition);
            List<ConsumerRecord<byte[], byte[]>> read = new java.util.ArrayList<>();
            await().atMost(PATIENCE).until(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(read::add);
                return read.size() >= count;
            });
            return read;
        }
    }

    private static String cause(ConsumerRecord<byte[], byte[]> letter) {
        return header(letter, DeadLetter.CAUSE);
    }

    private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
        return new String(letter.headers().lastHeader(name).value(), UTF_8);
    }
}
