package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.DeadLetter;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.StepMetrics;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jobs' process is killed with SIGKILL while records arrive, again and again; the compacted topics end as if nothing had happened. */
@Timeout(300)
class KilledProcessTest {

    private static final int KILLS = 10;
    private static final List<String> BACKBONES = List.of("vgg", "deit", "resnet", "mixer");
    private static final List<String> OPTIMIZERS = List.of("sgd", "adamw", "lamb", "lion");
    private static final int STEPS = 360;
    private static final int RESUMED_AT = 150;
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    /** A share of what arrives around one kill is sent every so often, so that the stream never pauses before a kill. */
    private static final int TICK_MILLIS = 10;

    private static final int TICKS_A_KILL = 150;
    private static final int MOST_MILLIS_BEFORE_A_KILL = TICK_MILLIS * TICKS_A_KILL;

    @TempDir
    Path directory;

    private final List<ProducerRecord<byte[], byte[]>> records = records();
    private final long stepRecords = records.stream()
            .filter(record -> record.topic().equals(Topics.STEP_METRICS.name()) && record.key() != null)
            .count();

    @Test
    void tenKillsMidStreamLeaveTheTopicsOfAnUndisturbedRun() throws Exception {
        long seed = Long.getLong("couplet.kill.seed", System.nanoTime());
        System.out.println("Kills by -Dcouplet.kill.seed=" + seed);
        Map<String, String> undisturbed;
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                KafkaProducer<byte[], byte[]> producer = AnalyticsClusterTest.producer(broker)) {
            AnalyticsClusterTest.createTopics(broker);
            records.forEach(producer::send);
            producer.flush();
            undisturbed = finalScores(broker, "undisturbed");
        }
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                KafkaProducer<byte[], byte[]> producer = AnalyticsClusterTest.producer(broker)) {
            AnalyticsClusterTest.createTopics(broker);
            int restored = killAgainAndAgain(broker, producer, new Random(seed));
            Map<String, String> disturbed = finalScores(broker, "disturbed");
            assertThat(disturbed.keySet()).as("seed %d", seed).isEqualTo(undisturbed.keySet());
            assertThat(disturbed).as("seed %d", seed).containsExactlyInAnyOrderEntriesOf(undisturbed);
            assertThat(restored).as("seed %d", seed).isPositive();
            System.out.println(restored + " of " + KILLS + " kills left a checkpoint to go on from");
        }
    }

    /** How many of the kills left a whole checkpoint of both jobs. */
    private int killAgainAndAgain(EmbeddedBroker broker, KafkaProducer<byte[], byte[]> producer, Random random)
            throws IOException, InterruptedException {
        AtomicInteger allowed = new AtomicInteger();
        int[] sent = {0};
        int restored = 0;
        int slice = records.size() / (KILLS + 1);
        ScheduledExecutorService sender = Executors.newSingleThreadScheduledExecutor();
        try {
            sender.scheduleAtFixedRate(
                    () -> {
                        for (int i = 0; i < slice / TICKS_A_KILL + 1 && sent[0] < allowed.get(); i++) {
                            producer.send(records.get(sent[0]++));
                        }
                    },
                    0,
                    TICK_MILLIS,
                    TimeUnit.MILLISECONDS);
            for (int kill = 1; kill <= KILLS; kill++) {
                Path checkpoints = directory.resolve("disturbed");
                if (random.nextInt(5) == 0) {
                    delete(checkpoints); // and begins from nothing
                }
                Process jobs = AnalyticsProcess.start(
                        broker.bootstrapServers(),
                        checkpoints,
                        1 + random.nextInt(2), // so that state is also taken over by more or fewer subtasks
                        directory.resolve("jobs-" + kill + ".log"));
                try {
                    BufferedReader output = new BufferedReader(new InputStreamReader(jobs.getInputStream(), UTF_8));
                    awaitLine(output, AnalyticsProcess.RUNNING, kill);
                    allowed.set(kill * slice);
                    for (int checkpoint = random.nextInt(3); checkpoint > 0; checkpoint--) {
                        awaitLine(output, AnalyticsProcess.CHECKPOINTED, kill);
                    }
                    assertThat(jobs.waitFor(random.nextInt(MOST_MILLIS_BEFORE_A_KILL), TimeUnit.MILLISECONDS))
                            .as("ended by itself")
                            .isFalse();
                } finally {
                    jobs.destroyForcibly().waitFor();
                }
                restored +=
                        hasCheckpoint(checkpoints, ConvergenceJob.NAME) && hasCheckpoint(checkpoints, CouplingJob.NAME)
                                ? 1
                                : 0;
            }
        } finally {
            sender.shutdownNow();
            assertThat(sender.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        }
        records.subList(sent[0], records.size()).forEach(producer::send);
        producer.flush();
        return restored;
    }

    private void awaitLine(BufferedReader output, String expected, int kill) throws IOException {
        String line = output.readLine();
        while (line != null && !line.equals(expected)) {
            line = output.readLine();
        }
        if (line == null) {
            throw new AssertionError(
                    "The jobs ended by themselves: " + Files.readString(directory.resolve("jobs-" + kill + ".log")));
        }
    }

    private static boolean hasCheckpoint(Path checkpoints, String job) throws IOException {
        return !new CheckpointDirectory(checkpoints.resolve("v1").resolve(job))
                .newestFirst()
                .isEmpty();
    }

    private static void delete(Path root) throws IOException {
        if (Files.exists(root)) {
            try (Stream<Path> paths = Files.walk(root)) {
                paths.sorted(Comparator.reverseOrder())
                        .map(Path::toFile)
                        .forEach(file -> assertThat(file.delete()).isTrue());
            }
        }
    }

    /** What the topics say once everything was read, and the same again after the jobs were closed. */
    private Map<String, String> finalScores(EmbeddedBroker broker, String name) throws InterruptedException {
        Map<String, String> scores = new TreeMap<>();
        try (AnalyticsCluster cluster =
                AnalyticsCluster.start(broker.bootstrapServers(), Map.of(), directory.resolve(name), 2)) {
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(400))
                    .during(Duration.ofSeconds(2))
                    .until(() -> {
                        assertThat(cluster.failure()).isNotDone();
                        Map<String, String> now = scores(broker);
                        boolean same = now.equals(scores) && recordsScored(broker) == stepRecords;
                        scores.clear();
                        scores.putAll(now);
                        return same;
                    });
        }
        assertThat(scores(broker)).containsExactlyInAnyOrderEntriesOf(scores);
        assertThat(scores).hasSizeGreaterThan(3 * BACKBONES.size() * OPTIMIZERS.size());
        return scores;
    }

    private static long recordsScored(EmbeddedBroker broker) {
        return AnalyticsClusterTest.newest(broker, Topics.CONVERGENCE_SCORES).values().stream()
                .map(Topics.CONVERGENCE_SCORES.wire()::decode)
                .mapToLong(KilledProcessTest::records)
                .sum();
    }

    private static long records(ConvergenceScore score) {
        return score.getStepsSeen() + score.getRecordsIgnored();
    }

    /** The newest value of each key, in hexadecimal, and where each distinct dead letter came from. */
    private static Map<String, String> scores(EmbeddedBroker broker) {
        Map<String, String> scores = new TreeMap<>();
        for (Topic<?> topic : List.of(Topics.CONVERGENCE_SCORES, Topics.COUPLING_SCORES, Topics.STUDY_SCORES)) {
            AnalyticsClusterTest.newest(broker, topic)
                    .forEach((key, value) ->
                            scores.put(topic.name() + ' ' + key, HexFormat.of().formatHex(value)));
        }
        TreeSet<String> letters = new TreeSet<>();
        AnalyticsClusterTest.read(broker, Topics.DEAD_LETTERS)
                .forEach(letter -> letters.add(AnalyticsClusterTest.header(letter, DeadLetter.TOPIC)
                        + ' '
                        + AnalyticsClusterTest.header(letter, DeadLetter.PARTITION)
                        + ' '
                        + AnalyticsClusterTest.header(letter, DeadLetter.OFFSET)));
        scores.put("distinct dead letters", letters.toString());
        return scores;
    }

    /**
     * A study of 16 runs whose steps alternate: noise, duplicates, runs that are resumed with stale steps coming late, a loss that is no number, records that
     * cannot be read, evaluations at both rungs, events.
     */
    private static List<ProducerRecord<byte[], byte[]>> records() {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        forEachRun((run, backbone, optimizer) ->
                add(records, Topics.RUN_REQUESTS, run, Records.request(backbone, optimizer, BACKBONES, OPTIMIZERS)));
        for (int step = 1; step <= STEPS; step++) {
            int at = step;
            forEachRun((run, backbone, optimizer) -> addStep(records, run, backbone, optimizer, at));
            if (step % 90 == 0) {
                records.add(new ProducerRecord<>(
                        Topics.STEP_METRICS.name(), step / 90 % 2, null, "no Avro".getBytes(UTF_8)));
            }
        }
        return records;
    }

    private static void addStep(
            List<ProducerRecord<byte[], byte[]>> records, String run, String backbone, String optimizer, int at) {
        int number = BACKBONES.indexOf(backbone) * OPTIMIZERS.size() + OPTIMIZERS.indexOf(optimizer);
        boolean resumes = number % 4 == 1;
        int attempt = resumes && at > 200 ? 2 : 1;
        int step = attempt == 2 ? at - 200 + RESUMED_AT : at;
        add(records, Topics.STEP_METRICS, run, step(run, number, attempt, step));
        if ((at + number) % 37 == 0) {
            add(records, Topics.STEP_METRICS, run, step(run, number, attempt, step));
        }
        if (attempt == 2 && at % 50 == 0) {
            add(records, Topics.STEP_METRICS, run, step(run, number, 1, 100 + at));
        }
        double top1 = 0.3 + 0.4 * Math.abs(Math.sin(number));
        if (at == STEPS / 2) {
            add(records, Topics.EVALUATIONS, run, Records.evaluation(backbone, optimizer, 1, 1, top1));
        }
        if (resumes && at == 201) {
            add(
                    records,
                    Topics.RUN_EVENTS,
                    run,
                    Records.event(backbone, optimizer, 2, RunEventKind.RESUMED, RESUMED_AT / 10, RESUMED_AT / 10));
        }
        if (at == STEPS) {
            add(records, Topics.EVALUATIONS, run, Records.evaluation(backbone, optimizer, attempt, 2, top1 + 0.1));
            add(
                    records,
                    Topics.RUN_EVENTS,
                    run,
                    Records.event(backbone, optimizer, attempt, RunEventKind.COMPLETED, Records.BUDGET, 0));
        }
    }

    private static StepMetrics step(String run, int number, int attempt, int step) {
        double loss = 0.4 + 2 * Math.pow(step, -0.3) + 0.05 * Math.sin(12.9898 * step + number + attempt);
        return StepMetrics.newBuilder(
                        Records.step(run, attempt, step, number % 5 == 4 && step == 333 ? Double.NaN : loss))
                .setBudgetSteps(STEPS)
                .setWarmupSteps(STEPS / 20)
                .build();
    }

    private interface ForRun {
        void accept(String run, String backbone, String optimizer);
    }

    private static void forEachRun(ForRun action) {
        for (String backbone : BACKBONES) {
            for (String optimizer : OPTIMIZERS) {
                action.accept(Records.runId(backbone, optimizer, 1), backbone, optimizer);
            }
        }
    }

    private static <T extends SpecificRecord> void add(
            List<ProducerRecord<byte[], byte[]>> records, Topic<T> topic, String key, T value) {
        records.add(new ProducerRecord<>(
                topic.name(), key.getBytes(UTF_8), topic.wire().encode(value)));
    }
}
