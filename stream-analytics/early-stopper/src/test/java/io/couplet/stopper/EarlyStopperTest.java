package io.couplet.stopper;

import static io.couplet.stopper.Records.OTHER;
import static io.couplet.stopper.Records.RUN;
import static io.couplet.stopper.Records.event;
import static io.couplet.stopper.Records.step;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.stopper.Records.Sent;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlyStopperTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    @Test
    void aNanIsCommandedObeyedAndStillKnownAfterARestart() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory()) {
            EarlyStopperSettings settings =
                    EarlyStopperSettings.of(broker.bootstrapServers(), Map.of(), directory.resolve("stopper"));
            EarlyStopper tooSoon = new EarlyStopper(settings);
            assertThatThrownBy(tooSoon::start)
                    .isInstanceOf(EarlyStopperException.class)
                    .hasMessageContaining("has no topic couplet.convergence-scores.v1, couplet.dead-letters.v1")
                    .hasMessageEndingWith("create them with couplet topics create.");
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                TopicCreation.createMissing(admin, 1);
            }

            try (EarlyStopper stopper = new EarlyStopper(settings).start()) {
                send(broker, event(RUN, 1, RunEventKind.STARTED, 0), step(RUN, 1, 1, 2.3), step(RUN, 1, 2, Double.NaN));
                send(broker, new Sent(Topics.RUN_EVENTS.name(), RUN.toString().getBytes(UTF_8), new byte[] {0}));
                String commandId = awaitCommands(broker, 1).get(0).getCommandId();
                assertThat(commandId).isEqualTo(RUN + ".a1.divergence");

                send(broker, event(RUN, 1, RunEventKind.STOPPED, 3, commandId));
                await().atMost(PATIENCE).until(() -> stopper.counts().obeyed() == 1);
                await().atMost(PATIENCE).until(() -> stopper.counts().recordsRead() == 6);
                assertThat(stopper.counts()).isEqualTo(new StopperCounts(6, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0));
                assertThat(stopper.failure()).isNull();
            }
            assertThat(valuesOf(broker, Topics.DEAD_LETTERS, 1)).hasSize(1);

            try (EarlyStopper again = new EarlyStopper(settings).start()) {
                send(broker, step(RUN, 1, 3, Double.NaN), step(OTHER, 1, 1, Double.NaN));
                assertThat(awaitCommands(broker, 2))
                        .extracting(RunCommand::getRunId)
                        .containsExactlyInAnyOrder(RUN.toString(), OTHER.toString());
                await().atMost(PATIENCE).until(() -> again.counts().recordsRead() == 3);
                assertThat(again.counts()).isEqualTo(new StopperCounts(3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
            }
        }
    }

    @Test
    void aStudyThatArmsTransferIsOrderedAcrossPartitionsOnceForEachHopelessRun() throws Exception {
        List<Sent> study = StudyRecords.study("transfer", Map.of());
        int anchors = 32;
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory()) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                TopicCreation.createMissing(admin, 1);
            }
            EarlyStopperSettings settings =
                    EarlyStopperSettings.of(broker.bootstrapServers(), Map.of(), directory.resolve("studies"));
            try (EarlyStopper stopper = new EarlyStopper(settings).start()) {
                send(broker, study.subList(0, anchors).toArray(Sent[]::new));
                await().atMost(PATIENCE).until(() -> stopper.counts().recordsRead() == anchors);
            }
            try (EarlyStopper again = new EarlyStopper(settings).start()) {
                // The trainer's answer comes after the order only; here it could be read before the evaluation.
                send(broker, study.subList(anchors, anchors + 4).toArray(Sent[]::new));
                assertThat(awaitCommands(broker, 3))
                        .extracting(RunCommand::getRunId)
                        .containsExactlyInAnyOrder(
                                StudyRecords.run("deit", "sgd").toString(),
                                StudyRecords.run("deit", "adam").toString(),
                                StudyRecords.run("deit", "adamw").toString());
                assertThat(again.failure()).isNull();
            }
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                List<String> internal = admin.listTopics().names().get().stream()
                        .filter(name -> name.endsWith("-repartition"))
                        .toList();
                assertThat(admin.describeTopics(internal).allTopicNames().get().values())
                        .hasSize(3)
                        .allSatisfy(topic -> assertThat(topic.partitions()).hasSize(Topics.RUN_EVENTS.partitions()));
            }
        }
    }

    @Test
    void threeFailuresOfOneBadHourAreMadeGoodAndThoseOfAMonthAgoAreForgotten() {
        AtomicLong now = new AtomicLong(1);
        try (EarlyStopper stopper = new EarlyStopper(
                EarlyStopperSettings.of("127.0.0.1:1", Map.of(), directory.resolve("failing")),
                new SimpleMeterRegistry(),
                () -> Instant.ofEpochMilli(now.get()))) {
            StreamsException cause = new StreamsException("in a task", new IllegalStateException("it is\n broken"));
            for (int month = 0; month < 2; month++) {
                for (int time = 0; time < 3; time++) {
                    assertThat(stopper.onFailure(cause)).isEqualTo(StreamThreadExceptionResponse.REPLACE_THREAD);
                    assertThat(stopper.failure()).isNull();
                }
                now.addAndGet(Duration.ofDays(30 * (1 - month)).toMillis());
            }
            assertThat(stopper.onFailure(cause)).isEqualTo(StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
            assertThat(stopper.failure())
                    .isEqualTo("The early stopper failed 4 times within 20 minutes, the last time with: it is broken");
        }
    }

    @Test
    void aStateDirectoryThatIsAFileIsRefusedBeforeAnythingStarts() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> new EarlyStopper(EarlyStopperSettings.of("127.0.0.1:1", Map.of(), file)))
                .isInstanceOf(EarlyStopperException.class)
                .hasMessage("The early stopper cannot write to " + file + ": choose another data directory.");
    }

    @Test
    void anAddressThatIsNoneIsRefused() {
        assertThatThrownBy(() -> new EarlyStopper(EarlyStopperSettings.of("no address", Map.of(), directory)))
                .isInstanceOf(EarlyStopperException.class)
                .hasMessageStartingWith("The early stopper's Kafka settings are refused");
    }

    @Test
    void settingsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> EarlyStopperSettings.of(" ", Map.of(), directory))
                .hasMessage("bootstrapServers must name a broker, was empty");
        assertThatThrownBy(() -> new EarlyStopperSettings("b:1", Map.of(), directory, "a b", Duration.ofSeconds(1)))
                .hasMessage("applicationId may have letters, digits, '.', '_' and '-' only, was 'a b'");
        assertThatThrownBy(() -> new EarlyStopperSettings("b:1", Map.of(), directory, "a", Duration.ZERO))
                .hasMessage("commitInterval must be at least 1 ms, was PT0S");
    }

    private static void send(EmbeddedBroker broker, Sent... records) throws Exception {
        Map<String, Object> properties = Map.of("bootstrap.servers", broker.bootstrapServers());
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (Sent record : records) {
                producer.send(new ProducerRecord<>(record.topic(), record.key(), record.value()))
                        .get();
            }
        }
    }

    private static List<RunCommand> awaitCommands(EmbeddedBroker broker, int count) {
        return valuesOf(broker, Topics.RUN_COMMANDS.name(), count).stream()
                .map(bytes -> Topics.RUN_COMMANDS.wire().decode(bytes))
                .toList();
    }

    /** Everything in the topic, once that is as much as expected. */
    private static List<byte[]> valuesOf(EmbeddedBroker broker, String topic, int count) {
        List<byte[]> values = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            await().atMost(PATIENCE).until(() -> {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
                return values.size() >= count;
            });
        }
        return values;
    }
}
