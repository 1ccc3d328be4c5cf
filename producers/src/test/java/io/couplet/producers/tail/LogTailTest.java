package io.couplet.producers.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.couplet.producers.MetricPublisher;
import io.couplet.producers.PublisherSettings;
import io.couplet.producers.RecordedCurves.Column;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.StepMetrics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTailTest {

    private static final TailSettings SETTINGS =
            TailSettings.of("foreign").withFacts(Map.of("backbone", "resnet", "optimizer", "adamw"));

    @TempDir
    Path directory;

    private final List<ProducerRecord<String, byte[]>> sent = new ArrayList<>();
    private final List<TailProblem> problems = new ArrayList<>();
    private MetricPublisher publisher;

    @BeforeEach
    void open() throws IOException {
        publisher = MetricPublisher.open(
                PublisherSettings.of("127.0.0.1:1", Map.of(), directory.resolve("spool"))
                        .withPatience(Duration.ofSeconds(5), Duration.ofSeconds(5)),
                InstantSource.system(),
                () -> new MockProducer<>(true, null, new StringSerializer(), new ByteArraySerializer()) {
                    @Override
                    public synchronized Future<RecordMetadata> send(
                            ProducerRecord<String, byte[]> record, Callback callback) {
                        sent.add(record);
                        return super.send(record, callback);
                    }
                });
    }

    @AfterEach
    void close() {
        publisher.close();
    }

    private LogTail tail(TailSettings settings, boolean whole, Path... roots) throws TailException {
        return new LogTail(
                Arrays.asList(roots),
                settings,
                publisher,
                directory.resolve("state/tail.json"),
                whole,
                () -> Instant.ofEpochMilli(1_800_000_000_000L),
                problems::add);
    }

    private Path fixture(String name, String as) throws IOException {
        Path file = directory.resolve(as);
        Files.createDirectories(file.getParent());
        try (InputStream in = LogTailTest.class.getResourceAsStream("/tail/" + name)) {
            Files.copy(in, file);
        }
        return file;
    }

    private <T extends SpecificRecord> List<T> sent(Topic<T> topic) throws InterruptedException {
        assertThat(publisher.flush(Duration.ofSeconds(10))).isTrue();
        return sent.stream()
                .filter(record -> record.topic().equals(topic.name()))
                .map(record -> topic.wire().decode(record.value()))
                .toList();
    }

    private List<Integer> steps() throws InterruptedException {
        return sent(Topics.STEP_METRICS).stream().map(StepMetrics::getStep).toList();
    }

    private List<RunEventKind> events() throws InterruptedException {
        return sent(Topics.RUN_EVENTS).stream().map(RunEvent::getKind).toList();
    }

    private static List<Integer> upTo(int last) {
        return IntStream.rangeClosed(1, last).boxed().toList();
    }

    private static double loss(int step) {
        return 2.3 * Math.pow(step, -0.2);
    }

    private void all(TailSettings settings, Path... roots) throws TailException, InterruptedException {
        try (LogTail tail = tail(settings, true, roots)) {
            tail.poll();
            tail.end();
        }
    }

    @Test
    void whatPytorchsSummaryWriterWroteBecomesARun() throws Exception {
        Path root = directory.resolve("runs");
        fixture("simple.tfevents", "runs/resnet/adamw/seed7/events.out.tfevents.1.host");
        TailSettings settings =
                TailSettings.of("foreign").withPattern(PathPattern.of("{backbone}/{optimizer}/seed{seed}/**"));
        try (LogTail tail = tail(settings, true, root)) {
            tail.poll();
            tail.end();
            assertThat(tail.counts()).isEqualTo(new TailCounts(1, 1, 40, 4, 2, 0, 0, 0, 0, 0));
        }
        assertThat(problems).isEmpty();
        assertThat(steps()).isEqualTo(upTo(40)); // SummaryWriter was called with steps from 0
        for (StepMetrics step : sent(Topics.STEP_METRICS)) {
            RunId id = RunId.parse(step.getRunId());
            assertThat(id.backbone() + id.optimizer() + id.seed()).isEqualTo("resnetadamw7");
            assertThat(step.getLoss()).isCloseTo(loss(step.getStep()), within(1e-6));
            assertThat(step.getLearningRate()).isCloseTo(0.1, within(1e-8));
            assertThat(step.getBudgetSteps()).isEqualTo(40);
            long evaluation = step.getStep() % 10 == 0 ? 500 : 0; // the newest of the step's numbers
            assertThat(step.getTimeMillis()).isEqualTo(1_700_000_000_000L + 1_000L * (step.getStep() - 1) + evaluation);
        }
        List<Evaluation> evaluations = sent(Topics.EVALUATIONS);
        assertThat(evaluations).extracting(Evaluation::getStep).containsExactly(10, 20, 30, 40);
        assertThat(evaluations).extracting(Evaluation::getRung).containsExactly(1, 2, 3, 4);
        assertThat(evaluations.get(3).getTop1()).isCloseTo(0.89, within(1e-6));
        assertThat(evaluations.get(3).getLoss()).isCloseTo(loss(40) + 0.1, within(1e-6));
        assertThat(evaluations.get(3).getDeviceSeconds()).isCloseTo(39.5, within(1e-9));
        assertThat(events()).containsExactly(RunEventKind.STARTED, RunEventKind.COMPLETED);
    }

    @Test
    void tensorScalarsAreReadAndTextIsPassedOver() throws Exception {
        all(SETTINGS, fixture("tensors.tfevents", "events.out.tfevents.1.host"));
        assertThat(problems).isEmpty();
        assertThat(steps()).isEqualTo(upTo(10));
        assertThat(sent(Topics.STEP_METRICS).get(9).getLoss()).isCloseTo(loss(10), within(1e-6));
    }

    @Test
    void doublePrecisionTensorsAreReadToTheLastBit() throws Exception {
        TailSettings settings = new TailSettings(
                "foreign",
                SETTINGS.facts(),
                null,
                null,
                Map.of(Column.LOSS, "loss64"),
                null,
                0,
                0,
                0,
                null,
                List.of(),
                0,
                0);
        all(settings, fixture("tensors.tfevents", "events.out.tfevents.1.host"));
        assertThat(sent(Topics.STEP_METRICS).get(9).getLoss()).isEqualTo(2.3 * Math.pow(10, -0.2));
    }

    @Test
    void anOfflineRunOfWandbBringsItsBackboneOptimizerAndSeed() throws Exception {
        try (LogTail tail = tail(TailSettings.of("foreign"), true, fixture("offline.wandb", "run-1.wandb"))) {
            tail.poll();
            tail.end();
            RunId id = RunId.parse(tail.runIds().get(0));
            assertThat(id.backbone() + id.optimizer() + id.seed()).isEqualTo("resnetadamw3");
        }
        assertThat(problems).isEmpty();
        assertThat(steps()).isEqualTo(upTo(41));
        assertThat(sent(Topics.STEP_METRICS).get(9).getLoss()).isEqualTo(loss(10));
        assertThat(sent(Topics.STEP_METRICS).get(40).getLoss()).isNaN(); // logged as nan
        assertThat(sent(Topics.STEP_METRICS).get(9).getGradientNorm()).isEqualTo(1.5f);
        assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getTop1).containsExactly(0.59, 0.69, 0.79, 0.89);
    }

    @Test
    void theHistoryThatWandbsApiExportsIsTheSame() throws Exception {
        all(SETTINGS, fixture("wandb-history.jsonl", "history.jsonl"));
        assertThat(problems).isEmpty();
        assertThat(steps()).isEqualTo(upTo(40));
        assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getTop1).containsExactly(0.59, 0.69, 0.79, 0.89);
        assertThat(sent(Topics.STEP_METRICS).get(39).getTimeMillis()).isEqualTo(1_700_000_039_000L);
    }

    @Test
    void mmenginesEvaluationsByEpochStandAtTheStepTheyWereMadeAt() throws Exception {
        all(SETTINGS, fixture("mmengine-scalars.json", "vis_data/scalars.json"));
        assertThat(problems).isEmpty();
        assertThat(steps()).containsExactly(10, 20, 30, 40, 50, 60, 70, 80, 90);
        List<Evaluation> evaluations = sent(Topics.EVALUATIONS);
        assertThat(evaluations).extracting(Evaluation::getStep).containsExactly(30, 60, 90);
        assertThat(evaluations).extracting(Evaluation::getRung).containsExactly(1, 2, 3);
        assertThat(evaluations).extracting(Evaluation::getTop1).containsExactly(0.5, 0.6, 0.7);
        assertThat(evaluations).extracting(Evaluation::getTop5).containsExactly(0.81, 0.82, 0.83);
        assertThat(evaluations.get(2).getDeviceSeconds()).isEqualTo(90 * 0.25); // seconds of an iteration, as logged
        assertThat(sent(Topics.STEP_METRICS).get(8).getEpoch()).isEqualTo(3f);
    }

    @Test
    void openMixupsIterationsOfEachEpochAreAddedUp() throws Exception {
        try (LogTail tail = tail(SETTINGS, true, fixture("openmixup.log.json", "20260101_000000.log.json"))) {
            tail.poll();
            tail.end();
            assertThat(RunId.parse(tail.runIds().get(0)).seed()).isEqualTo(1); // of the log's first line
        }
        assertThat(problems).isEmpty();
        assertThat(steps()).containsExactly(10, 20, 30, 40, 50, 60, 70, 80, 90);
        assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getStep).containsExactly(30, 60, 90);
        assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getTop1).containsExactly(0.5, 0.6, 0.7);
        assertThat(sent(Topics.STEP_METRICS).get(0).getBatchAccuracy()).isEqualTo(0.125f);
    }

    @Test
    void oneCsvHoldsTheRunsOfManyPairings() throws Exception {
        all(TailSettings.of("foreign"), fixture("long-form.csv", "curves.csv"));
        assertThat(problems).isEmpty();
        List<StepMetrics> lion = sent(Topics.STEP_METRICS).stream()
                .filter(step -> RunId.parse(step.getRunId()).optimizer().equals("lion"))
                .toList();
        assertThat(lion).extracting(StepMetrics::getStep).isEqualTo(upTo(20));
        assertThat(sent(Topics.EVALUATIONS)).hasSize(8);
        assertThat(events())
                .containsExactlyInAnyOrder(
                        RunEventKind.STARTED, RunEventKind.STARTED, RunEventKind.COMPLETED, RunEventKind.COMPLETED);
    }

    @Test
    void aLogThatGrowsByteForByteGivesTheSameAsAWholeOne() throws Exception {
        for (String name : List.of("simple.tfevents", "offline.wandb", "mmengine-scalars.json")) {
            sent.clear();
            byte[] bytes = Files.readAllBytes(fixture(name, "whole/" + name));
            TailSettings settings = SETTINGS.withFacts(
                    Map.of("backbone", "resnet", "optimizer", "adamw", "run", "one", "budget", "1000"));
            Path state = directory.resolve("state/tail.json");
            Files.deleteIfExists(state);
            all(settings, directory.resolve("whole/" + name));
            List<String> whole = inWords();
            assertThat(whole).as(name).isNotEmpty();
            sent.clear();
            Files.deleteIfExists(state);
            Path growing = directory.resolve("growing-" + name);
            Files.createFile(growing);
            try (LogTail tail = tail(settings, false, growing)) {
                for (int from = 0; from < bytes.length; from += 61) {
                    Files.write(
                            growing,
                            Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + 61)),
                            StandardOpenOption.APPEND);
                    tail.poll();
                }
                tail.end();
            }
            assertThat(publisher.flush(Duration.ofSeconds(10))).isTrue();
            assertThat(inWords()).isEqualTo(whole);
            assertThat(problems).isEmpty();
        }
    }

    private List<String> inWords() {
        return sent.stream()
                .map(record -> record.topic() + record.key() + HexFormat.of().formatHex(record.value()))
                .toList();
    }

    @Test
    void halfALineWaitsForItsOtherHalf() throws Exception {
        Path log = directory.resolve("log.jsonl");
        Files.writeString(log, "{\"step\": 1, \"loss\": 2.0}\n{\"step\": 2, \"lo");
        TailSettings settings = withBudget(10);
        try (LogTail tail = tail(settings, false, log)) {
            assertThat(tail.poll()).isTrue();
            assertThat(steps()).containsExactly(1);
            assertThat(tail.poll()).isFalse();
            Files.writeString(log, "ss\": 1.5}\n", StandardOpenOption.APPEND);
            assertThat(tail.poll()).isTrue();
            assertThat(steps()).containsExactly(1, 2);
        }
        assertThat(events()).containsExactly(RunEventKind.STARTED); // it goes on
    }

    private static TailSettings withBudget(int budget) {
        return SETTINGS.withFacts(Map.of("backbone", "resnet", "optimizer", "adamw", "budget", String.valueOf(budget)));
    }

    @Test
    void aRestartGoesOnWhereTheFormerProcessStoppedAndSendsNothingTwice() throws Exception {
        byte[] bytes = Files.readAllBytes(fixture("simple.tfevents", "whole.tfevents"));
        Path log = directory.resolve("events.out.tfevents.1");
        Files.createFile(log);
        for (int from = 0; from < bytes.length; from += 500) { // each time another process
            Files.write(
                    log,
                    Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + 500)),
                    StandardOpenOption.APPEND);
            try (LogTail tail = tail(withBudget(40), false, log)) {
                tail.poll();
            }
        }
        try (LogTail tail = tail(withBudget(40), false, log)) {
            tail.poll();
            tail.end();
        }
        assertThat(steps()).isEqualTo(upTo(40));
        assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getStep).containsExactly(10, 20, 30, 40);
        assertThat(events()).containsExactly(RunEventKind.STARTED, RunEventKind.COMPLETED);
    }

    @Test
    void aLogThatIsCutAndBeginsAgainIsANewAttempt() throws Exception {
        Path log = directory.resolve("log.jsonl");
        Files.writeString(log, lines(1, 5));
        try (LogTail tail = tail(withBudget(10), false, log)) {
            tail.poll();
            Files.writeString(log, lines(1, 3), StandardOpenOption.TRUNCATE_EXISTING);
            tail.poll();
            assertThat(tail.counts().replaced()).isEqualTo(1);
        }
        assertThat(steps()).containsExactly(1, 2, 3, 4, 5, 1, 2, 3);
        assertThat(sent(Topics.STEP_METRICS))
                .extracting(StepMetrics::getAttempt)
                .containsExactly(1, 1, 1, 1, 1, 2, 2, 2);
    }

    @Test
    void aRotatedLogIsReadToItsEndAndTheNewOneContinuesTheSameAttempt() throws Exception {
        Path log = directory.resolve("log.jsonl");
        Files.writeString(log, lines(1, 3));
        try (LogTail tail = tail(withBudget(10), false, log)) {
            tail.poll();
            Files.writeString(log, lines(4, 5), StandardOpenOption.APPEND); // not read before it is moved away
            Files.move(log, directory.resolve("log.jsonl.1"), StandardCopyOption.ATOMIC_MOVE);
            Files.writeString(log, lines(6, 8));
            tail.poll();
            assertThat(tail.counts().replaced()).isEqualTo(1);
        }
        assertThat(steps()).isEqualTo(upTo(8));
        assertThat(sent(Topics.STEP_METRICS))
                .extracting(StepMetrics::getAttempt)
                .containsOnly(1);
    }

    @Test
    void trainingThatGoesOnFromACheckpointIsANewAttemptFromThere() throws Exception {
        Path log = directory.resolve("log.jsonl");
        Files.writeString(log, lines(1, 5) + lines(4, 7));
        all(withBudget(7), log);
        assertThat(steps()).containsExactly(1, 2, 3, 4, 5, 4, 5, 6, 7);
        assertThat(events()).containsExactly(RunEventKind.STARTED, RunEventKind.RESUMED, RunEventKind.COMPLETED);
        assertThat(sent(Topics.RUN_EVENTS).get(1).getResumedAtStep()).isEqualTo(3);
        assertThat(sent(Topics.RUN_EVENTS).get(2).getStepsTrained()).isEqualTo(4);
    }

    private static String lines(int from, int to) {
        StringBuilder lines = new StringBuilder();
        for (int step = from; step <= to; step++) {
            lines.append("{\"step\": ").append(step).append(", \"loss\": 1.0}\n");
        }
        return lines.toString();
    }

    @Test
    void malformedLinesAreListedWithTheirCauseAndTheOthersSent() throws Exception {
        Path log = directory.resolve("log.jsonl");
        Files.writeString(
                log,
                "{\"step\": 1, \"loss\": 2.0}\nno json\n[1]\n{\"step\": 1.5, \"loss\": 1}\n"
                        + "{\"step\": 2, \"loss\": 1.0, \"val_acc\": -3}\n{\"step\": 3, \"memory\": 7}\n"
                        + "{\"step\": 99, \"loss\": 1.0}\n{\"step\": 3, \"loss\": NaN}\n");
        Files.write(log, new byte[] {(byte) 0xff, '\n'}, StandardOpenOption.APPEND);
        try (LogTail tail = tail(withBudget(10), true, log)) {
            tail.poll();
            tail.end();
            assertThat(tail.counts()).isEqualTo(new TailCounts(1, 1, 2, 0, 2, 1, 0, 0, 0, 6));
        }
        assertThat(problems).extracting(TailProblem::place).containsExactly(2L, 3L, 4L, 5L, 7L, 9L);
        assertThat(problems.toString())
                .contains("it is no JSON", "no JSON object", "whole number", "not UTF-8", "beyond", "another --study");
    }

    @Test
    void damagedRecordsOfTensorboardAreListedAndReadingGoesOnAfterThem() throws Exception {
        Path log = fixture("simple.tfevents", "events.out.tfevents.1");
        byte[] bytes = Files.readAllBytes(log);
        bytes[new String(bytes, StandardCharsets.ISO_8859_1).indexOf("train/loss", 400)] = 'x';
        Files.write(log, bytes);
        all(withBudget(40), log);
        assertThat(problems).singleElement().asString().contains("the checksum of the record is wrong");
        assertThat(steps()).hasSize(39);
    }

    @Test
    void aTensorboardLogWhoseLengthIsDamagedIsGivenUpThere() throws Exception {
        Path log = fixture("simple.tfevents", "events.out.tfevents.1");
        byte[] bytes = Files.readAllBytes(log);
        int event = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("train/loss", 2_000);
        for (int at = event - 60; at < event; at++) {
            bytes[at] = 0x55;
        }
        Files.write(log, bytes);
        all(withBudget(40), log);
        assertThat(problems).isNotEmpty();
        assertThat(problems.get(problems.size() - 1).cause()).contains("nothing after it can be read");
        assertThat(steps()).isNotEmpty().hasSizeLessThan(30);
    }

    @Test
    void aDamagedFragmentOfWandbIsListedAndReadOnFromTheNextBlock() throws Exception {
        Path log = fixture("offline.wandb", "run-1.wandb");
        byte[] bytes = Files.readAllBytes(log);
        bytes[5_000] ^= 1;
        Files.write(log, bytes);
        all(withBudget(100), log);
        assertThat(problems).isNotEmpty();
        assertThat(steps()).isNotEmpty().hasSizeLessThan(41);
    }

    @Test
    void aFolderIsLookedThroughForNewLogsAndOnesThatDoNotFitAreListed() throws Exception {
        Path root = directory.resolve("work_dirs");
        write(root.resolve("resnet/sgd/seed0/vis_data/scalars.json"), lines(1, 2));
        write(root.resolve("resnet/sgd/seed0/vis_data/20260101_000000.json"), lines(1, 2)); // mmengine's copy
        write(root.resolve("other.csv"), "step,loss\n1,2\n");
        TailSettings settings = TailSettings.of("foreign")
                .withFacts(Map.of("budget", "5"))
                .withPattern(PathPattern.of("{backbone}/{optimizer}/seed{seed}/…"));
        try (LogTail tail = tail(settings, false, root)) {
            tail.poll();
            assertThat(steps()).containsExactly(1, 2);
            write(root.resolve("deit/lamb/seed1/vis_data/scalars.json"), lines(1, 3));
            tail.poll();
            assertThat(steps()).containsExactly(1, 2, 1, 2, 3);
            assertThat(tail.runIds())
                    .anyMatch(id -> id.contains(".deit.lamb.s1."))
                    .hasSize(2);
        }
        assertThat(problems).singleElement().asString().contains("other.csv", "--path-pattern");
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @Test
    void whatIsNotKnownOfARunIsSaidWithItsFlag() throws Exception {
        Path log = directory.resolve("log.jsonl");
        Files.writeString(log, lines(1, 3));
        all(TailSettings.of("foreign"), log);
        assertThat(problems).singleElement().asString().contains("has no backbone: give --backbone");
        assertThatThrownBy(() -> tail(SETTINGS, false, directory.resolve("absent.csv")))
                .hasMessageContaining("check the path");
        Files.writeString(directory.resolve("x.txt"), "");
        assertThatThrownBy(() -> tail(SETTINGS, false, directory.resolve("x.txt")))
                .hasMessageContaining("--format");
    }

    @Test
    void aLogThatLackedAFlagIsSentWholeOnceItIsGiven() throws Exception {
        Path log = directory.resolve("log.jsonl");
        Files.writeString(log, lines(1, 3));
        try (LogTail tail = tail(SETTINGS, false, log)) {
            tail.poll();
            tail.poll();
            assertThat(problems).singleElement().asString().contains("has no budget: give --budget");
            assertThat(sent).isEmpty();
        }
        try (LogTail tail = tail(withBudget(10), false, log)) {
            tail.poll();
        }
        assertThat(steps()).containsExactly(1, 2, 3);
    }

    @Test
    void twoTrainingsOfOneNameAreRefusedAndNotMadeTwoAttemptsOfOneRun() throws Exception {
        Path first = directory.resolve("first");
        Path second = directory.resolve("second");
        write(first.resolve("log.jsonl"), lines(1, 3));
        write(second.resolve("log.jsonl"), lines(1, 3));
        all(withBudget(3), first);
        assertThat(problems).isEmpty();
        all(SETTINGS.withFacts(Map.of("backbone", "vgg", "optimizer", "adamw", "budget", "3")), second);
        assertThat(problems)
                .singleElement()
                .asString()
                .contains("was resnet with adamw, seed 0 before and is vgg with adamw, seed 0 here");
        assertThat(steps()).isEqualTo(upTo(3));
    }

    @Test
    void logsOfOneNameInSeveralFoldersAreRunsOfTheirOwn() throws Exception {
        Path first = directory.resolve("first");
        Path second = directory.resolve("second");
        write(first.resolve("log.jsonl"), lines(1, 3));
        write(second.resolve("log.jsonl"), lines(1, 3));
        try (LogTail tail = tail(withBudget(3), true, first, second)) {
            tail.poll();
            tail.end();
            assertThat(tail.runIds()).hasSize(2);
        }
        assertThat(problems).isEmpty();
        assertThat(steps()).containsExactly(1, 2, 3, 1, 2, 3);
        assertThat(sent(Topics.STEP_METRICS))
                .extracting(StepMetrics::getAttempt)
                .containsOnly(1);
    }

    @Test
    void aLastValidationBeyondTheNewestLoggedStepCompletesTheRun() throws Exception {
        Path log = directory.resolve("log.jsonl");
        StringBuilder text = new StringBuilder();
        for (int step = 10; step <= 90; step += 10) {
            text.append("{\"step\": ").append(step).append(", \"loss\": 1.0}\n");
            if (step == 50) {
                text.append("{\"step\": 50, \"val_acc\": 0.5}\n");
            }
        }
        Files.writeString(log, text + "{\"step\": 100, \"val_acc\": 0.6}\n");
        all(SETTINGS, log);
        assertThat(problems).isEmpty();
        assertThat(steps()).hasSize(9);
        assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getStep).containsExactly(50, 100);
        assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getRung).containsExactly(1, 2);
        assertThat(events()).containsExactly(RunEventKind.STARTED, RunEventKind.COMPLETED);
    }

    @Test
    void anAccuracyBeforeTrainingIsLeftOutAndMovesNoStep() throws Exception {
        Path log = directory.resolve("log.jsonl");
        Files.writeString(
                log,
                "{\"step\": 0, \"val_acc\": 0.8}\n" + lines(1, 5) + "{\"step\": 5, \"val_acc\": 45}\n" + lines(6, 10)
                        + "{\"step\": 10, \"val_acc\": 60}\n");
        try (LogTail tail = tail(withBudget(10), false, log)) {
            tail.poll();
            assertThat(tail.counts()).isEqualTo(new TailCounts(1, 1, 10, 2, 2, 0, 0, 1, 0, 0));
        }
        assertThat(problems).isEmpty();
        assertThat(steps()).isEqualTo(upTo(10));
        assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getStep).containsExactly(5, 10);
        assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getRungs).containsOnly(2);
        assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getTop1).containsExactly(0.45, 0.6);
        assertThat(events()).containsExactly(RunEventKind.STARTED, RunEventKind.COMPLETED);
    }

    @Test
    void epochsFromZeroEndWhereTheirStepsDoWhateverTrainingBeganWith() throws Exception {
        TailSettings settings = new TailSettings(
                "foreign", SETTINGS.facts(), null, null, Map.of(), null, 5, 0, 0, null, List.of(), 0, 0);
        for (int first : List.of(0, 1)) {
            sent.clear();
            Path log = directory.resolve("log" + first + ".jsonl");
            Files.writeString(
                    log,
                    lines(first, first + 5) // training is logged before the evaluation
                            + "{\"step\": 0, \"val_acc\": 0.5}\n"
                            + lines(first + 6, first + 9)
                            + "{\"step\": 1, \"val_acc\": 0.6}\n");
            all(settings, log);
            assertThat(problems).isEmpty();
            assertThat(steps()).isEqualTo(upTo(10));
            assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getStep).containsExactly(5, 10);
            assertThat(sent(Topics.EVALUATIONS)).extracting(Evaluation::getRung).containsExactly(1, 2);
        }
    }

    @Test
    void aRunThatGoesOnInAnotherLogHasTheLastStepOfBothForItsBudget() throws Exception {
        Path root = directory.resolve("runs");
        write(root.resolve("one/1.jsonl"), lines(0, 4)); // counted from 0
        write(root.resolve("one/2.jsonl"), lines(5, 9));
        all(SETTINGS.withPattern(PathPattern.of("{run}/*")), root);
        assertThat(problems).isEmpty();
        assertThat(steps()).isEqualTo(upTo(10));
        assertThat(sent(Topics.STEP_METRICS))
                .extracting(StepMetrics::getBudgetSteps)
                .containsOnly(10);
        assertThat(events()).containsExactly(RunEventKind.STARTED, RunEventKind.COMPLETED);
    }

    @Test
    void aLogWithTwoPathsIsOneLogAndWhatVanishesIsNone() throws Exception {
        Path root = directory.resolve("wandb");
        write(root.resolve("run-1/log.jsonl"), lines(1, 3));
        Files.createSymbolicLink(root.resolve("latest-run"), root.resolve("run-1"));
        Files.createSymbolicLink(root.resolve("loop"), root);
        Files.createSymbolicLink(root.resolve("dangling.jsonl"), root.resolve("absent"));
        LogFiles logs = new LogFiles(List.of(root), null);
        assertThat(logs.now()).extracting(LogFiles.Log::shown).containsExactly("run-1/log.jsonl");
        try (LogTail tail = tail(withBudget(10), false, root)) {
            assertThat(tail.poll()).isTrue();
            for (String gone : List.of("latest-run", "loop", "dangling.jsonl", "run-1/log.jsonl", "run-1", "")) {
                Files.delete(root.resolve(gone));
                assertThat(tail.poll()).isFalse();
            }
            write(root.resolve("run-2/log.jsonl"), lines(1, 2));
            assertThat(tail.poll()).isTrue();
            assertThat(tail.runIds()).hasSize(2);
        }
        assertThat(problems).isEmpty();
    }

    @Test
    void theLastLineOfALogThatWasClosedSinceManyAreOpenIsNotLost() throws Exception {
        Path root = directory.resolve("many");
        for (int i = 0; i < 300; i++) {
            write(root.resolve(i + ".jsonl"), lines(1, 1) + lines(2, 2).strip());
        }
        try (LogTail tail = tail(withBudget(2), false, root)) {
            tail.poll();
            assertThat(tail.counts().steps()).isEqualTo(300);
            tail.end();
            assertThat(tail.counts().steps()).isEqualTo(600);
        }
    }

    @Test
    void anEmptyConfigurationOfWandbBeforeTheRealOneIsPassedOver() throws Exception {
        Path log = fixture("offline.wandb", "run-1.wandb");
        byte[] bytes = Files.readAllBytes(log);
        byte[] typeAndRecord = {1, 5 << 3 | 2, 0}; // a full record of an empty configuration
        CRC32 checksum = new CRC32();
        checksum.update(typeAndRecord);
        ByteBuffer longer = ByteBuffer.allocate(bytes.length + 9).order(ByteOrder.LITTLE_ENDIAN);
        longer.put(bytes, 0, 7).putInt((int) checksum.getValue()).putShort((short) 2);
        longer.put(typeAndRecord).put(bytes, 7, bytes.length - 7);
        Files.write(log, longer.array());
        all(TailSettings.of("foreign"), log);
        assertThat(problems).isEmpty();
        assertThat(steps()).isEqualTo(upTo(41));
    }

    @Test
    void anEndedLogThatStopsEarlyEndsItsRunAsStopped() throws Exception {
        Path log = directory.resolve("log.jsonl");
        Files.writeString(log, lines(1, 3));
        all(withBudget(10), log);
        assertThat(events()).containsExactly(RunEventKind.STARTED, RunEventKind.STOPPED);
        assertThat(sent(Topics.RUN_EVENTS).get(1).getReason()).isEqualTo("The log ends at step 3 of 10.");
    }
}
