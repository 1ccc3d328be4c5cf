package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.DeadLetter;
import io.couplet.schemas.Topic;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.StudyScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Both jobs between a real broker's topics. */
@Timeout(180)
class AnalyticsClusterTest {

    private static final List<String> BACKBONES = List.of("vgg", "deit");
    private static final List<String> OPTIMIZERS = List.of("sgd", "adamw");

    @TempDir
    Path directory;

    @Test
    void aKilledAndRestartedJobEndsWithTheScoresOfAnUndisturbedOne() throws Exception {
        Map<String, List<Byte>> undisturbed;
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                KafkaProducer<byte[], byte[]> producer = producer(broker)) {
            createTopics(broker);
            sendFirstHalf(producer);
            sendSecondHalf(producer, 21);
            try (AnalyticsCluster cluster = start(broker, "undisturbed")) {
                undisturbed = awaitFinalScores(broker, cluster);
            }
        }
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                KafkaProducer<byte[], byte[]> producer = producer(broker)) {
            createTopics(broker);
            AnalyticsCluster killed = start(broker, "disturbed");
            try {
                sendFirstHalf(producer);
                await().atMost(Duration.ofSeconds(60)).until(() -> stepsScored(broker) >= 40);
                killed.checkpoint();
                // What comes after the checkpoint is read, counted and published, then forgotten with the process.
                send(producer, Topics.STEP_METRICS, run(0), Records.step(run(0), 1, 21, 0.2));
                await().atMost(Duration.ofSeconds(60)).until(() -> stepsScored(broker) >= 41);
            } finally {
                killed.kill();
            }
            sendSecondHalf(producer, 22);
            try (AnalyticsCluster again = start(broker, "disturbed")) {
                assertThat(awaitFinalScores(broker, again)).containsExactlyInAnyOrderEntriesOf(undisturbed);
            }
            try (AnalyticsCluster afterCleanClose = start(broker, "disturbed")) {
                assertThat(awaitFinalScores(broker, afterCleanClose)).containsExactlyInAnyOrderEntriesOf(undisturbed);
            }
        }
    }

    @Test
    void whatCannotBeReadIsADeadLetterWithItsOriginAndTheJobGoesOnAndCounts() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                KafkaProducer<byte[], byte[]> producer = producer(broker)) {
            createTopics(broker);
            producer.send(new ProducerRecord<>(
                    Topics.STEP_METRICS.name(), 2, "k".getBytes(UTF_8), "not Avro".getBytes(UTF_8)));
            producer.send(new ProducerRecord<>(Topics.EVALUATIONS.name(), 1, null, null));
            send(producer, Topics.STEP_METRICS, "x", Records.step("no run id", 1, 1, 2));
            send(producer, Topics.STEP_METRICS, run(0), Records.step(run(0), 1, 1, 2));
            send(producer, Topics.STEP_METRICS, run(0), Records.step(run(0), 1, 1, 2));
            producer.flush();
            try (AnalyticsCluster cluster = start(broker, "letters")) {
                await().atMost(Duration.ofSeconds(60)).until(() -> JobMetrics.count("stepsFolded") == 2);
                await().atMost(Duration.ofSeconds(60)).until(() -> stepsScored(broker) == 1);
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> read(broker, Topics.DEAD_LETTERS).size() == 3);
                assertThat(cluster.failure()).isNotDone();

                // The metrics of the same records, through Flink's reporter.
                assertThat(JobMetrics.count("recordsRead")).isEqualTo(2);
                assertThat(JobMetrics.count("deadLetters")).isEqualTo(3);
                assertThat(JobMetrics.count("stepsFolded")).isEqualTo(2);
                assertThat(JobMetrics.count("stepsIgnored")).isEqualTo(1);
                assertThat(JobMetrics.names()).contains("pendingRecords", "scoreLatencyMillis");
                assertThat(JobMetrics.lag()).isZero();
                // The step is of the year 1970.
                assertThat(JobMetrics.scoreLatencyMillis("convergence", 0.5)).isGreaterThan(1e12);
                assertThat(JobMetrics.scoreLatencyMillis("coupling", 0.5)).isNaN();
            }
            ConsumerRecord<byte[], byte[]> malformed = read(broker, Topics.DEAD_LETTERS).stream()
                    .filter(letter -> letter.key() != null && new String(letter.key(), UTF_8).equals("k"))
                    .findFirst()
                    .orElseThrow();
            assertThat(malformed.value()).isEqualTo("not Avro".getBytes(UTF_8));
            assertThat(header(malformed, DeadLetter.TOPIC)).isEqualTo(Topics.STEP_METRICS.name());
            assertThat(header(malformed, DeadLetter.PARTITION)).isEqualTo("2");
            assertThat(header(malformed, DeadLetter.OFFSET)).isEqualTo("0");
            assertThat(header(malformed, DeadLetter.SERVICE)).isEqualTo("couplet-convergence");
            assertThat(header(malformed, DeadLetter.CAUSE)).contains("no StepMetrics");
        }
    }

    @Test
    void aTornCheckpointIsPassedOver() throws Exception {
        Path checkpoint = directory.resolve("torn/v1/couplet-convergence/0123456789abcdef0123456789abcdef/chk-3");
        Files.createDirectories(checkpoint);
        Files.write(checkpoint.resolve("_metadata"), new byte[] {1, 2, 3});
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                KafkaProducer<byte[], byte[]> producer = producer(broker)) {
            createTopics(broker);
            send(producer, Topics.STEP_METRICS, run(0), Records.step(run(0), 1, 1, 2));
            try (AnalyticsCluster cluster = start(broker, "torn")) {
                await().atMost(Duration.ofSeconds(60)).until(() -> stepsScored(broker) == 1);
                assertThat(cluster.failure()).isNotDone();
            }
        }
    }

    @Test
    void missingTopicsEndTheJobsWithTheirCauseInsteadOfRestartingForEver() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                AnalyticsCluster cluster = start(broker, "missing")) {
            await().atMost(Duration.ofSeconds(90)).until(() -> cluster.failure().isDone());
            assertThatThrownBy(() -> cluster.failure().get())
                    .hasCauseInstanceOf(AnalyticsException.class)
                    .hasMessageContaining("The Flink job couplet-")
                    .hasMessageContaining("Failed to get metadata for topics [couplet.")
                    .hasMessageEndingWith("This server does not host this topic-partition.");
        }
    }

    /** Flink's REST interface runs what it is sent: neither another user of the machine nor a page in its browser may get a word with it. */
    @Test
    void nobodyElseGetsAWordWithTheJobs() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory()) {
            createTopics(broker);
            try (AnalyticsCluster cluster = start(broker, "closed")) {
                List<ListeningSocket> sockets = ListeningSocket.ofThisProcess();
                assertThat(sockets)
                        .as("two of the broker in this process, REST, and the server of jars")
                        .hasSizeGreaterThanOrEqualTo(4)
                        .noneMatch(ListeningSocket::onEveryAddress);
                for (ListeningSocket socket : sockets) {
                    assertThat(socket.asksInPlainText("/jobs/overview")).doesNotContain(" 200 ");
                    assertThatThrownBy(socket::shakesHands).isInstanceOf(IOException.class);
                }
                assertThat(sockets)
                        .as("Flink's REST interface, which sends plain text to its TLS")
                        .anyMatch(socket ->
                                socket.asksInPlainText("/jobs/overview").startsWith("HTTP/1.1 3"));
                assertThat(cluster.failure()).isNotDone();
            }
        }
    }

    private AnalyticsCluster start(EmbeddedBroker broker, String name) throws InterruptedException {
        return AnalyticsCluster.start(broker.bootstrapServers(), Map.of(), directory.resolve(name), 2);
    }

    static void createTopics(EmbeddedBroker broker) throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
        }
    }

    /** Two runs of 20 steps, with duplicates, and half of the first rung. */
    static void sendFirstHalf(KafkaProducer<byte[], byte[]> producer) {
        for (int run = 0; run < 2; run++) {
            for (int step = 1; step <= 20; step++) {
                send(producer, Topics.STEP_METRICS, run(run), Records.step(run(run), 1, step, 3.0 / (step + run)));
            }
            send(producer, Topics.STEP_METRICS, run(run), Records.step(run(run), 1, 7, 99));
        }
        send(producer, Topics.RUN_REQUESTS, run(0), Records.request("vgg", "sgd", BACKBONES, OPTIMIZERS));
        send(producer, Topics.EVALUATIONS, run(0), Records.evaluation("vgg", "sgd", 1, 1, 0.5));
        send(producer, Topics.EVALUATIONS, run(1), Records.evaluation("vgg", "adamw", 1, 1, 0.6));
        producer.flush();
    }

    static void sendSecondHalf(KafkaProducer<byte[], byte[]> producer, int firstStepOfFirstRun) {
        for (int run = 0; run < 2; run++) {
            for (int step = run == 0 ? firstStepOfFirstRun : 21; step <= 40; step++) {
                double loss = run == 0 && step == 21 ? 0.2 : 3.0 / (step + run);
                send(producer, Topics.STEP_METRICS, run(run), Records.step(run(run), 1, step, loss));
            }
        }
        String deit = Records.runId("deit", "sgd", 1);
        send(producer, Topics.EVALUATIONS, deit, Records.evaluation("deit", "sgd", 1, 1, 0.4));
        send(
                producer,
                Topics.EVALUATIONS,
                Records.runId("deit", "adamw", 1),
                Records.evaluation("deit", "adamw", 1, 1, 0.3));
        producer.flush();
    }

    static String run(int number) {
        return Records.runId("vgg", OPTIMIZERS.get(number), 1);
    }

    private static Map<String, List<Byte>> awaitFinalScores(EmbeddedBroker broker, AnalyticsCluster cluster) {
        await().atMost(Duration.ofSeconds(90)).until(() -> {
            assertThat(cluster.failure()).isNotDone();
            return stepsScored(broker) == 80 && cellsScored(broker) == 4;
        });
        Map<String, List<Byte>> scores = new HashMap<>();
        for (Topic<?> topic : List.of(Topics.CONVERGENCE_SCORES, Topics.COUPLING_SCORES, Topics.STUDY_SCORES)) {
            newest(broker, topic).forEach((key, value) -> {
                List<Byte> bytes = new ArrayList<>();
                for (byte b : value) {
                    bytes.add(b);
                }
                scores.put(topic.name() + ' ' + key, bytes);
            });
        }
        return scores;
    }

    static long stepsScored(EmbeddedBroker broker) {
        return newest(broker, Topics.CONVERGENCE_SCORES).values().stream()
                .map(Topics.CONVERGENCE_SCORES.wire()::decode)
                .mapToLong(ConvergenceScore::getStepsSeen)
                .sum();
    }

    static int cellsScored(EmbeddedBroker broker) {
        return newest(broker, Topics.STUDY_SCORES).values().stream()
                .map(Topics.STUDY_SCORES.wire()::decode)
                .mapToInt(StudyScore::getCellsReporting)
                .sum();
    }

    static Map<String, byte[]> newest(EmbeddedBroker broker, Topic<?> topic) {
        Map<String, byte[]> newest = new HashMap<>();
        read(broker, topic.name()).forEach(record -> newest.put(new String(record.key(), UTF_8), record.value()));
        return newest;
    }

    static List<ConsumerRecord<byte[], byte[]>> read(EmbeddedBroker broker, String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            }
            return records;
        }
    }

    static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        return new String(record.headers().lastHeader(name).value(), UTF_8);
    }

    static KafkaProducer<byte[], byte[]> producer(EmbeddedBroker broker) {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    static <T extends SpecificRecord> void send(
            KafkaProducer<byte[], byte[]> producer, Topic<T> topic, String key, T value) {
        producer.send(new ProducerRecord<>(
                topic.name(), key.getBytes(UTF_8), topic.wire().encode(value)));
    }
}
