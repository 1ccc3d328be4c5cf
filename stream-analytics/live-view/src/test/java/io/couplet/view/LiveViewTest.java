package io.couplet.view;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.DeadLetter;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.view.http.Access;
import io.couplet.view.model.Json;
import io.couplet.view.model.StudyCounts;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import io.couplet.view.report.ReportReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The view on a real broker. */
@Timeout(120)
final class LiveViewTest {

    private static final DemoRecords.Shape SMALL = DemoRecords.small();
    private static EmbeddedBroker broker;
    private static int written;

    @TempDir
    Path directory;

    @BeforeAll
    static void fillTopics() throws Exception {
        broker = EmbeddedBroker.startInTemporaryDirectory();
        Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
        try (Admin admin = Admin.create(settings)) {
            TopicCreation.createMissing(admin, 1);
        }
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            DemoRecords.write(SMALL, (topic, record) -> sent.add(producer.send(DemoTopics.bytes(topic, record))));
            byte[] garbage = {1, 2, 3};
            sent.add(producer.send(new ProducerRecord<>(Topics.STEP_METRICS.name(), key(SMALL.studyId()), garbage)));
            sent.add(producer.send(DeadLetter.of(
                    key(SMALL.studyId() + ".vgg.sgd.s0.a0b1c2"),
                    garbage,
                    Topics.STEP_METRICS.name(),
                    0,
                    0,
                    "test",
                    "These 3 bytes are no StepMetrics.")));
            for (Future<RecordMetadata> each : sent) {
                each.get(30, SECONDS);
            }
            written = sent.size();
        }
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void everythingInTheTopicsIsShownAndShownAgainAfterARestart() throws Exception {
        String first = readByView();
        String second = readByView();

        assertThat(second).isEqualTo(first);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            assertThat(admin.listGroups().all().get(10, SECONDS))
                    .extracting(GroupListing::groupId)
                    .noneMatch(group -> group.startsWith("couplet-live-view"));
        }
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).isEmpty();
        }
    }

    private String readByView() {
        try (LiveView view = new LiveView(LiveViewSettings.local(broker.bootstrapServers(), directory)).start()) {
            await().atMost(60, SECONDS).until(() -> read(view.model()) == written);
            assertThat(complete(view.model())).isTrue();
            assertThat(view.address().getHost()).isEqualTo("127.0.0.1");
            return body(Objects.requireNonNull(view.model().snapshot(SMALL.studyId())));
        }
    }

    /** At the positions that the model has read stand other records then, and it would leave them out. */
    @Test
    void aTopicThatWasMadeAgainIsAFailureOfTheView() throws Exception {
        try (EmbeddedBroker other = EmbeddedBroker.startInTemporaryDirectory();
                Admin admin = Admin.create(Map.of("bootstrap.servers", other.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
            try (LiveView view = new LiveView(LiveViewSettings.local(other.bootstrapServers(), directory)).start()) {
                String topic = Topics.LAYER_STATISTICS.name();
                admin.deleteTopics(List.of(topic)).all().get(30, SECONDS);
                await().atMost(30, SECONDS).ignoreExceptions().until(() -> {
                    TopicCreation.createMissing(admin, 1);
                    return true;
                });
                await().atMost(60, SECONDS).until(() -> view.failure() != null);
                assertThat(view.failure())
                        .isEqualTo(
                                "The topic " + topic + " was made again while the view read it: start the view again,"
                                        + " so that it shows what the topic holds now.");
            }
        }
    }

    @Test
    void aTopicThatHasLostItsEndIsFound() throws Exception {
        ViewModel model = new ViewModel();
        String topic = Topics.RUN_REQUESTS.name();
        SourceCheck check = new SourceCheck(List.of(topic), model, Duration.ofSeconds(30));
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            model.unreadable(new ViewModel.Origin(topic, 0, 0), "of a test");
            assertThat(check.change(admin)).isEmpty();
            model.unreadable(new ViewModel.Origin(topic, 0, 999_999), "of a test");
            assertThat(check.change(admin))
                    .hasValueSatisfying(sentence -> assertThat(sentence)
                            .startsWith("The topic " + topic + " ends at offset ")
                            .endsWith(
                                    " of partition 0, and the view has read up to 1000000, so records of it were lost:"
                                            + " start the view again, so that it shows what the topic holds now."));
        }
    }

    @Test
    void aReportReadFromTheTopicsEqualsTheLiveView() {
        ViewModel read = ReportReader.read(broker.bootstrapServers(), Map.of(), Duration.ofSeconds(30));

        StudySnapshot study = Objects.requireNonNull(read.snapshot(SMALL.studyId()));
        assertThat(body(study)).isEqualTo(readByView());
        StudyCounts counts = study.counts();
        assertThat(counts.stepsInTopic()).isEqualTo(counts.stepsTrained()).isPositive();
        assertThat(counts.deadLetters()).isEqualTo(1);
        assertThat(counts.unreadable()).isEqualTo(1);
    }

    @Test
    void aPortThatIsTakenIsOneSentenceAndLeavesNothingRunning() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            LiveViewSettings settings = new LiveViewSettings(
                    broker.bootstrapServers(),
                    Map.of(),
                    directory,
                    LiveViewSettings.LOOPBACK,
                    taken.getLocalPort(),
                    Access.OPEN);
            LiveView view = new LiveView(settings);
            assertThatThrownBy(view::start)
                    .isInstanceOf(LiveViewException.class)
                    .hasMessageContaining("cannot use port " + taken.getLocalPort())
                    .hasMessageContaining("choose another port");
        }
    }

    @Test
    void missingTopicsAreNamedWithTheFix() {
        try (EmbeddedBroker empty = EmbeddedBroker.startInTemporaryDirectory()) {
            LiveView view = new LiveView(LiveViewSettings.local(empty.bootstrapServers(), directory));
            assertThatThrownBy(view::start)
                    .isInstanceOf(LiveViewException.class)
                    .hasMessageContaining(Topics.RUN_REQUESTS.name())
                    .hasMessageContaining("couplet topics create");
            assertThat(ReportReader.read(empty.bootstrapServers(), Map.of(), Duration.ofSeconds(10))
                            .studies())
                    .isEmpty();
        }
    }

    @Test
    void aRegistryThatIsAwayIsNotBlamedOnKafka() {
        assertThatThrownBy(() -> ReportReader.forEach(
                        broker.bootstrapServers(),
                        Map.of(),
                        Duration.ofSeconds(30),
                        RecordIntake.topics(),
                        (topic, partition, offset, key, value) -> {
                            throw AwayRegistry.exception();
                        }))
                .isInstanceOf(LiveViewException.class)
                .hasMessage(AwayRegistry.exception().getMessage());
    }

    @Test
    void aBrokerThatIsAwayIsOneSentence() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        assertThatThrownBy(() -> ReportReader.read("127.0.0.1:" + port, Map.of(), Duration.ofSeconds(2)))
                .isInstanceOf(LiveViewException.class)
                .hasMessageContaining("check that it runs");
    }

    private static long read(ViewModel model) {
        return model.intake().records().values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    private static boolean complete(ViewModel model) {
        StudySnapshot study = model.snapshot(SMALL.studyId());
        return study != null
                && study.scored()
                && study.counts().stepsInTopic() == study.counts().stepsTrained()
                && study.counts().deadLetters() == 1
                && study.counts().unreadable() == 1
                && study.cells().stream().allMatch(cell -> cell.rungs().stream().allMatch(rung -> rung.scored()));
    }

    /** All but the version, which also grows with records that another study's model would not have. */
    private static String body(StudySnapshot study) {
        return Json.line(study).replaceFirst("\"version\":\\d+", "");
    }

    private static byte[] key(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
