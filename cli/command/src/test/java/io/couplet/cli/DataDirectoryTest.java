package io.couplet.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.cli.local.BrokerProcess;
import io.couplet.cli.local.DataDirectory;
import io.couplet.schemas.RunId;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A data directory in which nothing runs any more, or not yet. */
@Timeout(180)
class DataDirectoryTest {

    private static final RunId RUN = new RunId("birds-3fa2c1", "vgg", "sgd", 0, "a0b1c2");

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @Test
    void aFinishedStudyIsShownFromItsDirectoryAndNobodyObeysThere() throws Exception {
        Path data = directory.resolve("data");
        finishStudy(data);

        Ended watch = Ended.couplet(List.of("watch", "--once", "--data-dir", data));
        assertThat(watch.err()).isEmpty();
        assertThat(watch.out()).contains("vgg", "sgd");
        assertThat(watch.exitCode()).isZero();

        ReachOptions reach = new ReachOptions();
        reach.dataDirectory = data;
        BrokerProcess broker;
        try (ReachOptions.Reached reached = reach.reached()) {
            assertThat(reached.obeys()).isFalse();
            broker = Objects.requireNonNull(reached.broker());
            assertThat(broker.isAlive()).isTrue();
        }
        assertThat(broker.isAlive()).isFalse();
        DataDirectory.take(data).close();
    }

    private static void finishStudy(Path directory) throws Exception {
        try (DataDirectory data = DataDirectory.take(directory);
                BrokerProcess broker = BrokerProcess.start(data.kafka(), 0);
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
                KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", broker.bootstrapServers()),
                        new StringSerializer(),
                        new ByteArraySerializer())) {
            TopicCreation.createMissing(admin, 1);
            producer.send(new ProducerRecord<>(
                            Topics.RUN_EVENTS.name(),
                            RUN.toString(),
                            Topics.RUN_EVENTS
                                    .wire()
                                    .encode(RunEvent.newBuilder()
                                            .setRunId(RUN.toString())
                                            .setStudyId(RUN.studyId())
                                            .setAttempt(1)
                                            .setBackbone(RUN.backbone())
                                            .setOptimizer(RUN.optimizer())
                                            .setSeed(0)
                                            .setHyperparameterPoint(0)
                                            .setKind(RunEventKind.COMPLETED)
                                            .setStep(10)
                                            .setBudgetSteps(10)
                                            .setWarmupSteps(2)
                                            .setResumedAtStep(0)
                                            .setStepsTrained(10)
                                            .setDeviceSeconds(1)
                                            .setTimeMillis(1_000)
                                            .build())))
                    .get();
        }
    }

    /** A process of its own, for a signal ends it. */
    @Test
    void aRunThatIsInterruptedWhileItStartsStartsNoMore() throws Exception {
        Path data = directory.resolve("data");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-Dfile.encoding=UTF-8",
                        "-Dai.djl.offline=true",
                        "io.couplet.cli.Couplet",
                        "run",
                        "--devices",
                        "cpu",
                        "--data-dir",
                        data.toString())
                .redirectErrorStream(true)
                .start();
        List<String> said = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                said.add(line);
                if (line.startsWith("Starting the broker")) {
                    process.toHandle().destroy(); // Process.destroy would close what it says, too.
                }
            }
        } finally {
            process.destroyForcibly();
        }

        assertThat(said)
                .anyMatch(line -> line.startsWith("Starting the broker"))
                .noneMatch(line -> line.startsWith("Starting the Flink jobs"))
                .last()
                .asString()
                .startsWith("Stopping; the next `couplet run` of this study goes on with what is missing");
        DataDirectory.take(data).close();
    }
}
