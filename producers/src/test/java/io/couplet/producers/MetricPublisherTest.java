package io.couplet.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.LayerStatistic;
import io.couplet.schemas.avro.LayerStatistics;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The publisher over Kafka's own mock of a producer, which answers when told to. */
class MetricPublisherTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration NOT_AT_ALL = Duration.ZERO;
    private static final InstantSource CLOCK = InstantSource.system();

    @TempDir
    Path directory;

    private PublisherSettings settings() {
        return PublisherSettings.of("nowhere:1", Map.of(), directory.resolve("spool"))
                .withPatience(Duration.ofMillis(100), NOT_AT_ALL);
    }

    private static MockProducer<String, byte[]> producer(boolean answersAtOnce) {
        return new MockProducer<>(answersAtOnce, null, new StringSerializer(), new ByteArraySerializer());
    }

    private static List<Integer> steps(List<ProducerRecord<String, byte[]>> records) {
        return records.stream()
                .map(record -> Topics.STEP_METRICS.wire().decode(record.value()).getStep())
                .toList();
    }

    private static List<Integer> upTo(int last) {
        return IntStream.rangeClosed(1, last).boxed().toList();
    }

    private List<String> spoolFiles() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("spool"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals("spool.lock"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void countsAreKeptPerKeyAndInTotal() throws Exception {
        MockProducer<String, byte[]> producer = producer(true);
        try (MetricPublisher publisher = MetricPublisher.open(settings(), CLOCK, () -> producer)) {
            Records.publish(publisher, "a", 1, 3);
            Records.publish(publisher, "b", 1, 2);
            assertThat(publisher.flush(PATIENCE)).isTrue();
            assertThat(publisher.counts("a")).isEqualTo(new Counts(3, 3, 0, 0, 0));
            assertThat(publisher.counts("b")).isEqualTo(new Counts(2, 2, 0, 0, 0));
            assertThat(publisher.counts("c")).isEqualTo(Counts.NONE);
            assertThat(publisher.counts()).isEqualTo(new Counts(5, 5, 0, 0, 0));
        }
        assertThat(spoolFiles()).isEmpty();
    }

    @Test
    void flushingNothingIsAcknowledgedAtOnce() throws Exception {
        try (MetricPublisher publisher = MetricPublisher.open(settings(), CLOCK, () -> producer(true))) {
            assertThat(publisher.flush(NOT_AT_ALL)).isTrue();
        }
    }

    @Test
    void whatIsNotAcknowledgedInTimeIsOnTheDiskAfterFlush() throws Exception {
        MockProducer<String, byte[]> producer = producer(false);
        try (MetricPublisher publisher = MetricPublisher.open(settings(), CLOCK, () -> producer)) {
            Records.publish(publisher, "a", 1, 10);
            assertThat(publisher.flush(Duration.ofMillis(1))).isFalse();
            assertThat(publisher.counts()).isEqualTo(new Counts(10, 0, 10, 0, 0));
            await().atMost(PATIENCE).until(() -> {
                producer.completeNext();
                return publisher.counts().acknowledged() == 10;
            });
            assertThat(publisher.counts()).isEqualTo(new Counts(10, 10, 0, 0, 0));
            assertThat(steps(producer.history())).isEqualTo(upTo(10));
        }
        assertThat(spoolFiles()).isEmpty();
    }

    @Test
    void whatDoesNotFitIntoMemoryGoesToTheDiskAndIsSentInOrder() throws Exception {
        int steps = 12_000;
        MockProducer<String, byte[]> producer = producer(false);
        try (MetricPublisher publisher =
                MetricPublisher.open(settings().withMemory(20_000, 100_000), CLOCK, () -> producer)) {
            Records.publish(publisher, "a", 1, steps);
            assertThat(publisher.flush(NOT_AT_ALL)).isFalse();
            assertThat(publisher.counts()).isEqualTo(new Counts(steps, 0, steps, 0, 0));
            assertThat(spoolFiles()).hasSizeGreaterThan(1);
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(1)).until(() -> {
                boolean more = true;
                while (more) {
                    more = producer.completeNext();
                }
                return publisher.counts().acknowledged() == steps;
            });
            assertThat(steps(producer.history())).isEqualTo(upTo(steps));
        }
        assertThat(spoolFiles()).isEmpty();
    }

    @Test
    void theNextPublisherSendsWhatTheFormerLeftBeforeItsOwn() throws Exception {
        try (MetricPublisher former = MetricPublisher.open(settings(), CLOCK, () -> producer(false))) {
            Records.publish(former, "a", 1, 100);
        }
        assertThat(spoolFiles()).isNotEmpty();
        MockProducer<String, byte[]> producer = producer(true);
        try (MetricPublisher next = MetricPublisher.open(settings(), CLOCK, () -> producer)) {
            Records.publish(next, "a", 101, 110);
            assertThat(next.flush(PATIENCE)).isTrue();
            assertThat(next.inherited()).isEqualTo(new Counts(100, 100, 0, 0, 0));
            assertThat(next.counts("a")).isEqualTo(new Counts(10, 10, 0, 0, 0));
            assertThat(steps(producer.history())).isEqualTo(upTo(110));
        }
        assertThat(spoolFiles()).isEmpty();
    }

    /** Where numbers have other digits, the files' names do not. */
    @Test
    void theNextPublisherSendsWhatTheFormerLeftWhateverTheLanguage() throws Exception {
        Locale usual = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try {
            theNextPublisherSendsWhatTheFormerLeftBeforeItsOwn();
        } finally {
            Locale.setDefault(usual);
        }
    }

    @Test
    void whatAKilledProcessHadOnTheDiskIsSentByTheNext() throws Exception {
        Process killed = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledProcess.class.getName(),
                        directory.resolve("spool").toString(),
                        "2000")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("killed.log").toFile())
                .start();
        assertThat(killed.waitFor()).isEqualTo(137);
        MockProducer<String, byte[]> producer = producer(true);
        try (MetricPublisher next = MetricPublisher.open(settings(), CLOCK, () -> producer)) {
            assertThat(next.flush(PATIENCE)).isTrue();
            assertThat(next.inherited()).isEqualTo(new Counts(2_000, 2_000, 0, 0, 0));
            assertThat(steps(producer.history())).isEqualTo(upTo(2_000));
        }
        assertThat(spoolFiles()).isEmpty();
    }

    @Test
    void whatIsLeftTwiceIsStillInOrder() throws Exception {
        try (MetricPublisher former = MetricPublisher.open(settings(), CLOCK, () -> producer(false))) {
            Records.publish(former, "a", 1, 50);
        }
        try (MetricPublisher former = MetricPublisher.open(settings(), CLOCK, () -> producer(false))) {
            Records.publish(former, "a", 51, 100);
            assertThat(former.flush(NOT_AT_ALL)).isFalse();
            assertThat(former.inherited()).isEqualTo(new Counts(50, 0, 50, 0, 0));
            assertThat(former.counts()).isEqualTo(new Counts(50, 0, 50, 0, 0));
        }
        MockProducer<String, byte[]> producer = producer(true);
        try (MetricPublisher next = MetricPublisher.open(settings(), CLOCK, () -> producer)) {
            assertThat(next.flush(PATIENCE)).isTrue();
            assertThat(steps(producer.history())).isEqualTo(upTo(100));
        }
    }

    @Test
    void aSpoolFileCutShortIsSentAsFarAsItGoesAndTheRestIsKept() throws Exception {
        try (MetricPublisher former = MetricPublisher.open(settings(), CLOCK, () -> producer(false))) {
            Records.publish(former, "a", 1, 2_000); // some blocks of Avro's 64,000 bytes
        }
        Path file = directory.resolve("spool").resolve(spoolFiles().get(0));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 7);
        }
        MockProducer<String, byte[]> producer = producer(true);
        try (MetricPublisher next = MetricPublisher.open(settings(), CLOCK, () -> producer)) {
            Records.publish(next, "a", 2_001, 2_002);
            assertThat(next.flush(PATIENCE)).isTrue();
            int sent = (int) next.inherited().acknowledged();
            assertThat(sent).isBetween(500, 1_999);
            List<Integer> expected = new ArrayList<>(upTo(sent));
            expected.addAll(List.of(2_001, 2_002));
            assertThat(steps(producer.history())).isEqualTo(expected);
            await().atMost(PATIENCE).until(() -> spoolFiles().stream().allMatch(name -> name.endsWith(".damaged")));
        }
        assertThat(spoolFiles()).containsExactly(file.getFileName() + ".damaged");
    }

    /** A topic that Couplet did not make may refuse times of long ago. */
    static Stream<RuntimeException> refusalsOfOneRecord() {
        return Stream.of(new RecordTooLargeException("too large"), new InvalidTimestampException("too old"));
    }

    @ParameterizedTest
    @MethodSource("refusalsOfOneRecord")
    void aRecordThatKafkaRefusesForItsOwnSakeIsLostAndCountedAndTheOthersGoOn(RuntimeException refusal)
            throws Exception {
        MockProducer<String, byte[]> producer = producer(false);
        try (MetricPublisher publisher = MetricPublisher.open(settings(), CLOCK, () -> producer)) {
            Records.publish(publisher, "a", 1, 2);
            await().atMost(PATIENCE).until(() -> producer.errorNext(refusal));
            await().atMost(PATIENCE).until(producer::completeNext);
            assertThat(publisher.flush(PATIENCE)).isFalse();
            assertThat(publisher.counts("a")).isEqualTo(new Counts(2, 1, 0, 0, 1));
        }
    }

    @Test
    void aProducerThatFailsForGoodIsReplacedAndNothingIsMissing() throws Exception {
        MockProducer<String, byte[]> first = producer(false);
        MockProducer<String, byte[]> second = producer(true);
        List<MockProducer<String, byte[]>> rest = new ArrayList<>(List.of(first, second));
        Supplier<Producer<String, byte[]>> producers = () -> rest.remove(0);
        try (MetricPublisher publisher = MetricPublisher.open(settings(), CLOCK, producers)) {
            Records.publish(publisher, "a", 1, 20);
            await().atMost(PATIENCE).until(() -> first.errorNext(new TopicAuthorizationException("steps")));
            await().atMost(PATIENCE).until(() -> {
                // What Kafka's producer does when it is closed at once, its mock leaves undone.
                while (first.closed() && first.errorNext(new TopicAuthorizationException("steps"))) {}
                return publisher.counts().acknowledged() == 20;
            });
            assertThat(publisher.flush(PATIENCE)).isTrue();
            assertThat(steps(second.history())).contains(1, 20).isSorted();
        }
    }

    @Test
    void anErrorEndsThePublisherWhichSaysSoAndLeavesItsRecordsToTheNext() throws Exception {
        MockProducer<String, byte[]> broken = new MockProducer<>() {
            @Override
            public Future<RecordMetadata> send(ProducerRecord<String, byte[]> record, @Nullable Callback callback) {
                throw new OutOfMemoryError("as a test has it");
            }
        };
        MetricPublisher publisher = MetricPublisher.open(settings(), CLOCK, () -> broken);
        assertThat(publisher.hasEnded()).isFalse();
        Records.publish(publisher, "a", 1, 1);
        await().atMost(PATIENCE).until(publisher::hasEnded);
        assertThatThrownBy(() -> Records.publish(publisher, "a", 2, 2)).isInstanceOf(IllegalStateException.class);
        assertThat(publisher.counts()).isEqualTo(new Counts(1, 0, 1, 0, 0));
        publisher.close();
        assertThat(publisher.hasEnded()).isTrue();

        MockProducer<String, byte[]> producer = producer(true);
        try (MetricPublisher next = MetricPublisher.open(settings(), CLOCK, () -> producer)) {
            assertThat(next.flush(PATIENCE)).isTrue();
            assertThat(steps(producer.history())).isEqualTo(upTo(1));
        }
    }

    @Test
    void aDiskThatTakesNothingWhileKafkaIsAwayLosesLoudlyAndTheCountsSaySo() throws Exception {
        PublisherSettings small = settings().withMemory(4_000, 1_024).withSpoolBytes(10_000);
        MetricPublisher publisher = MetricPublisher.open(small, CLOCK, () -> producer(false));
        Records.publish(publisher, "a", 1, 500);
        assertThat(publisher.flush(NOT_AT_ALL)).isFalse();
        Counts counts = publisher.counts("a");
        assertThat(counts.emitted()).isEqualTo(500);
        assertThat(counts.lost()).isPositive();
        assertThat(counts.spooled()).isPositive();
        publisher.close();
        Counts atLast = publisher.counts("a");
        assertThat(atLast.inFlight()).isZero();
        assertThat(atLast.emitted()).isEqualTo(atLast.spooled() + atLast.lost());
    }

    @Test
    void aSpoolDirectoryThatVanishesIsUsedAgainWhenItIsBack() throws Exception {
        MockProducer<String, byte[]> producer = producer(false);
        Path spool = directory.resolve("spool");
        try (MetricPublisher publisher = MetricPublisher.open(settings(), CLOCK, () -> producer)) {
            Path elsewhere = Files.move(spool, directory.resolve("elsewhere"));
            Records.publish(publisher, "a", 1, 10);
            assertThat(publisher.flush(NOT_AT_ALL)).isFalse();
            assertThat(publisher.counts()).isEqualTo(new Counts(10, 0, 0, 10, 0));
            Files.move(elsewhere, spool);
            await().atMost(PATIENCE).until(() -> publisher.counts().equals(new Counts(10, 0, 10, 0, 0)));
        }
    }

    @Test
    void severalThreadsMayPublish() throws Exception {
        MockProducer<String, byte[]> producer = producer(true);
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        try (MetricPublisher publisher =
                MetricPublisher.open(settings().withMemory(20_000, 10_000), CLOCK, () -> producer)) {
            List<Thread> threads = IntStream.range(0, 4)
                    .mapToObj(i -> new Thread(() -> Records.publish(publisher, "run" + i, 1, 2_000)))
                    .toList();
            for (Thread thread : threads) {
                thread.setUncaughtExceptionHandler((any, failure) -> failures.add(failure));
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
            assertThat(publisher.flush(PATIENCE)).isTrue();
            for (int i = 0; i < 4; i++) {
                String key = "run" + i;
                assertThat(publisher.counts(key)).isEqualTo(new Counts(2_000, 2_000, 0, 0, 0));
                assertThat(steps(producer.history().stream()
                                .filter(record -> record.key().equals(key))
                                .toList()))
                        .isEqualTo(upTo(2_000));
            }
        }
    }

    @Test
    void aDirectoryInUseIsOneSentence() throws Exception {
        try (MetricPublisher publisher = MetricPublisher.open(settings(), CLOCK, () -> producer(true))) {
            assertThat(publisher.counts()).isEqualTo(Counts.NONE);
            assertThatThrownBy(() -> MetricPublisher.open(settings(), CLOCK, () -> producer(true)))
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            "The spool directory " + directory.resolve("spool")
                                    + " is in use by another process (a trainer, or a `couplet tail` of the same study): stop it, or give each a directory of its own.");
        }
    }

    @Test
    void aDirectoryThatIsAFileIsOneSentence() throws Exception {
        Files.writeString(directory.resolve("spool"), "");
        assertThatThrownBy(() -> MetricPublisher.open(settings(), CLOCK, () -> producer(true)))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("The spool directory " + directory.resolve("spool")
                        + " cannot be written: make it writable or choose another");
    }

    @Test
    void aClosedPublisherTakesNothing() throws Exception {
        MetricPublisher publisher = MetricPublisher.open(settings(), CLOCK, () -> producer(true));
        publisher.close();
        publisher.close();
        assertThat(publisher.hasEnded()).isFalse();
        assertThatThrownBy(() -> Records.publish(publisher, "a", 1, 1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void propertiesOfTheUserCannotWeakenDelivery() {
        Map<String, String> given = Map.of(
                "acks", "1",
                "enable.idempotence", "false",
                "retries", "0",
                "delivery.timeout.ms", "1",
                "transactional.id", "x",
                "bootstrap.servers", "elsewhere:1",
                "linger.ms", "50",
                "security.protocol", "SSL");
        assertThat(MetricPublisher.producerProperties("kafka:9092", given))
                .containsEntry("acks", "all")
                .containsEntry("enable.idempotence", true)
                .containsEntry("retries", Integer.MAX_VALUE)
                .containsEntry("delivery.timeout.ms", Integer.MAX_VALUE)
                .containsEntry("bootstrap.servers", "kafka:9092")
                .containsEntry("linger.ms", "50")
                .containsEntry("security.protocol", "SSL")
                .doesNotContainKey("transactional.id");
    }

    @Test
    void countsThatDoNotAddUpAreRefused() {
        assertThatThrownBy(() -> new Counts(3, 1, 0, 1, 0))
                .hasMessage("emitted must be acknowledged + spooled + inFlight + lost, was 3 and 1 + 0 + 1 + 0");
    }

    @Test
    void layerStatisticsGoTheSameWay() throws Exception {
        MockProducer<String, byte[]> producer = producer(true);
        LayerStatistics statistics = LayerStatistics.newBuilder()
                .setRunId("a")
                .setStudyId("s")
                .setAttempt(1)
                .setStep(10)
                .setLayers(List.of(new LayerStatistic("head.weight", 640L, null, 1.5, 2.0, null)))
                .setTimeMillis(1)
                .build();
        try (MetricPublisher publisher = MetricPublisher.open(settings(), CLOCK, () -> producer)) {
            publisher.publish(Topics.LAYER_STATISTICS, "a", statistics);
            assertThat(publisher.flush(PATIENCE)).isTrue();
        }
        ProducerRecord<String, byte[]> sent = producer.history().get(0);
        assertThat(sent.topic()).isEqualTo("couplet.layer-statistics.v1");
        assertThat(Topics.LAYER_STATISTICS.wire().decode(sent.value())).isEqualTo(statistics);
    }
}
