package io.couplet.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ConvergenceScore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * State that an earlier version wrote must restore, as a checkpoint, from which a restarted job goes on, and as a savepoint, which an operator takes before an upgrade.
 * Those kept were taken after the first half of {@link AnalyticsClusterTest}'s records; {@link #main} takes new ones, to be kept beside these and never in their place
 * once a version has been released.
 */
@Timeout(180)
class KeptCheckpointTest {

    private static final List<String> JOBS = List.of(ConvergenceJob.NAME, CouplingJob.NAME);

    @ParameterizedTest
    @ValueSource(strings = {"/checkpoints/0.1/", "/savepoints/0.1/"})
    void bothJobsGoOnFromTheStateThatVersion01Wrote(String keptState, @TempDir Path directory) throws Exception {
        for (String job : JOBS) {
            Path checkpoint = Files.createDirectories(
                    directory.resolve("v1").resolve(job).resolve("0123456789abcdef0123456789abcdef/chk-7"));
            try (InputStream kept = KeptCheckpointTest.class.getResourceAsStream(keptState + job)) {
                assertThat(kept).isNotNull();
                Files.copy(kept, checkpoint.resolve("_metadata"));
            }
        }
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                KafkaProducer<byte[], byte[]> producer = AnalyticsClusterTest.producer(broker)) {
            AnalyticsClusterTest.createTopics(broker);
            // As many records as were read, but others: a job that began at the first record would show them.
            for (int run = 0; run < 2; run++) {
                for (int step = 1; step <= 21; step++) {
                    String id = AnalyticsClusterTest.run(run);
                    AnalyticsClusterTest.send(
                            producer, Topics.STEP_METRICS, id, Records.step(id, 1, Math.min(step, 20), 50));
                }
            }
            String id = AnalyticsClusterTest.run(0);
            AnalyticsClusterTest.send(
                    producer,
                    Topics.RUN_REQUESTS,
                    id,
                    Records.request("vgg", "sgd", List.of("vgg", "deit"), List.of("sgd", "adamw")));
            for (int run = 0; run < 2; run++) {
                String optimizer = run == 0 ? "sgd" : "adamw";
                AnalyticsClusterTest.send(
                        producer,
                        Topics.EVALUATIONS,
                        AnalyticsClusterTest.run(run),
                        Records.evaluation("vgg", optimizer, 1, 1, 0.01));
            }
            AnalyticsClusterTest.sendSecondHalf(producer, 21);
            try (AnalyticsCluster cluster = AnalyticsCluster.start(broker.bootstrapServers(), Map.of(), directory, 2)) {
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> AnalyticsClusterTest.stepsScored(broker) == 80
                                && AnalyticsClusterTest.cellsScored(broker) == 4);
                assertThat(cluster.failure()).isNotDone();
            }
            assertThat(AnalyticsClusterTest.newest(broker, Topics.CONVERGENCE_SCORES)
                            .values())
                    .hasSize(2)
                    .allSatisfy(value -> {
                        ConvergenceScore score =
                                Topics.CONVERGENCE_SCORES.wire().decode(value);
                        assertThat(score.getFirstLoss()).isBetween(0.8, 1.4); // the mean of 3/1 … 3/5, or of 3/2 … 3/6
                        assertThat(score.getRecordsIgnored()).isEqualTo(1);
                    });
            assertThat(AnalyticsClusterTest.newest(broker, Topics.COUPLING_SCORES)
                            .values())
                    .hasSize(4)
                    .allSatisfy(value -> assertThat(
                                    Topics.COUPLING_SCORES.wire().decode(value).getAccuracy())
                            .isGreaterThan(0.2));
        }
    }

    /** Writes what to keep below a directory, in {@code checkpoints} and {@code savepoints}: {@code main(DIRECTORY)}. */
    public static void main(String[] arguments) throws Exception {
        Path checkpoints = Files.createDirectories(Path.of(arguments[0], "checkpoints"));
        Path savepoints = Files.createDirectories(Path.of(arguments[0], "savepoints"));
        Path directory = Files.createTempDirectory("couplet-checkpoints");
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                KafkaProducer<byte[], byte[]> producer = AnalyticsClusterTest.producer(broker)) {
            AnalyticsClusterTest.createTopics(broker);
            AnalyticsClusterTest.sendFirstHalf(producer);
            try (AnalyticsCluster cluster = AnalyticsCluster.start(broker.bootstrapServers(), Map.of(), directory, 2)) {
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> AnalyticsClusterTest.stepsScored(broker) == 40
                                && AnalyticsClusterTest.cellsScored(broker) == 2);
                cluster.savepoints(directory.resolve("savepoints")).forEach((job, path) -> keep(path, savepoints, job));
                cluster.checkpoint();
            }
        }
        for (String job : JOBS) {
            keep(
                    new CheckpointDirectory(directory.resolve("v1").resolve(job))
                            .newestFirst()
                            .get(0),
                    checkpoints,
                    job);
        }
    }

    /** The state is so small that it lies in the metadata, which is all that is kept. */
    private static void keep(Path state, Path kept, String job) {
        try (Stream<Path> files = Files.walk(state)) {
            assertThat(files.filter(Files::isRegularFile)).allMatch(file -> file.endsWith("_metadata"));
            Files.copy(state.resolve("_metadata"), kept.resolve(job), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
