package io.couplet.flink;

import static io.couplet.flink.Records.evaluation;
import static io.couplet.flink.Records.event;
import static io.couplet.flink.Records.request;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.CouplingScore;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StudyScore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CouplingFunctionTest {

    private static final List<String> BACKBONES = List.of("vgg", "deit");
    private static final List<String> OPTIMIZERS = List.of("sgd", "adamw");

    private KeyedOneInputStreamOperatorTestHarness<String, StudyInput, Upsert> harness = harness();
    private long now;

    @BeforeEach
    void open() throws Exception {
        harness.open();
    }

    @AfterEach
    void close() throws Exception {
        harness.close();
    }

    @Test
    void stepsToTheTargetGiveAlgoPerfsScoreAndNullWhereItWasNotReached() throws Exception {
        double[][] accuracy = {{0.8, 0.9}, {0.5, 0.9}, {0.9, 0.9}, {0.1, 0.2}};
        int cell = 0;
        for (String backbone : BACKBONES) {
            for (String optimizer : OPTIMIZERS) {
                for (int rung = 1; rung <= 2; rung++) {
                    harness.processElement(
                            of(
                                    Topics.EVALUATIONS,
                                    Evaluation.newBuilder(
                                                    evaluation(backbone, optimizer, 1, rung, accuracy[cell][rung - 1]))
                                            .setTargetTop1(0.75)
                                            .build()),
                            0);
                }
                cell++;
            }
        }
        Map<String, byte[]> scores = settle();
        CouplingScore late = cellOf(scores, "vgg");
        assertThat(late.getStepsToTarget()).isEqualTo(Records.BUDGET);
        assertThat(late.getSecondsToTarget()).isEqualTo(6);
        CouplingScore never = cellOf(scores, "deit");
        assertThat(never.getSeedsReachedTarget()).isZero();
        assertThat(never.getStepsToTarget()).isNull();
        StudyScore study = study(scores, 2);
        assertThat(study.getOptimizers()).extracting("name").containsExactly("adamw", "sgd");
        // adamw takes twice the steps of the best on one backbone, (4 − 2) / 3, and never arrives on the other.
        assertThat(study.getOptimizers().get(0).getStepsScore()).isCloseTo(1 / 3.0, within(1e-12));
        assertThat(study.getOptimizers().get(1).getStepsScore()).isEqualTo(1);
    }

    private static CouplingScore cellOf(Map<String, byte[]> scores, String backbone) {
        String key = Topics.couplingKey(Records.STUDY, 2, backbone, "adamw");
        return Topics.COUPLING_SCORES.wire().decode(Objects.requireNonNull(scores.get(key), key));
    }

    @Test
    void changesOfAMomentLeaveAsOneSetOfScores() throws Exception {
        for (StudyInput input : grid()) {
            harness.processElement(input, 0);
        }
        assertThat(harness.extractOutputValues()).isEmpty();
        Map<String, byte[]> scores = settle();
        assertThat(harness.extractOutputValues()).hasSize(5);
        StudyScore study = study(scores, 1);
        assertThat(study.getCellsReporting()).isEqualTo(4);
        assertThat(study.getCellsExpected()).isEqualTo(4);
        assertThat(study.getTooFew()).isNull();
        assertThat(study.getOverall()).isCloseTo(45, within(1e-9));
        assertThat(study.getInteractionShare()).isCloseTo(0.2, within(1e-9));
        assertThat(study.getInteractionShareLower()).isBetween(0.0, 0.2);
        assertThat(study.getInteractionShareUpper()).isBetween(0.2, 1.0);
        assertThat(study.getNoiseShare()).isBetween(0.0, 0.2);
        assertThat(study.getInteractionTest()).isNull();
        assertThat(study.getBackbones()).extracting("name").containsExactly("vgg", "deit");
        CouplingScore cell = cell(scores, 1, "vgg", "adamw");
        assertThat(cell.getCoupling()).isCloseTo(5, within(1e-9));
        assertThat(cell.getAccuracy()).isEqualTo(0.6);
        assertThat(cell.getLearningRate()).isEqualTo(0.1);
        assertThat(cell.getTimeMillis()).isEqualTo(10_000);
        assertThat(cell.getIndistinguishableFromBest()).isTrue();
        assertThat(cell(scores, 1, "vgg", "sgd").getIndistinguishableFromBest()).isFalse();
    }

    /** Replayed and tailed trainings without a seed all have seed 0. */
    @Test
    void trainingsOfOneCellWithTheSameSettingsAndSeedAreAveraged() throws Exception {
        double[] accuracies = {0.5, 0.6, 0.7};
        for (int i = 0; i < accuracies.length; i++) {
            Evaluation evaluation = evaluation("vgg", "sgd", 1, 2, accuracies[i]);
            evaluation.setRunId(Records.STUDY + ".vgg.sgd.s1.abcde" + i);
            harness.processElement(of(Topics.EVALUATIONS, evaluation), 0);
        }
        CouplingScore cell = cell(settle(), 2, "vgg", "sgd");
        assertThat(cell.getRuns()).isEqualTo(3);
        assertThat(cell.getSeeds()).isEqualTo(3);
        assertThat(cell.getAccuracy()).isCloseTo(0.6, within(1e-12));
        assertThat(cell.getAccuracyStandardError()).isCloseTo(0.1 / Math.sqrt(3), within(1e-12));
    }

    /** Each backbone has a grid of its own, ten times the other's, and likes the same place of it: nothing has to be moved. */
    @Test
    void robustnessCountsPlacesAmongThePairingsOwnPoints() throws Exception {
        double[] scales = {1, 10};
        for (int b = 0; b < 2; b++) {
            for (int point = 0; point < 3; point++) {
                harness.processElement(at(BACKBONES.get(b), "sgd", point, scales[b], point == 1 ? 0.9 : 0.5), 0);
                harness.processElement(at(BACKBONES.get(b), "adamw", point, scales[b], point == 2 * b ? 0.9 : 0.5), 0);
            }
        }
        StudyScore study = study(settle(), 2);
        assertThat(study.getOptimizers()).extracting("name").containsExactly("adamw", "sgd");
        assertThat(study.getOptimizers().get(1).getRobustnessSteps()).isZero();
        // adamw's best are the least learning rate on one backbone and the greatest, two steps away, on the other.
        assertThat(study.getOptimizers().get(0).getRobustnessSteps()).isEqualTo(1);
    }

    @Test
    void aStudyOfOnePointAPairingHasNoRobustness() throws Exception {
        for (String optimizer : OPTIMIZERS) {
            harness.processElement(at("vgg", optimizer, 0, 1, 0.5), 0);
            harness.processElement(at("deit", optimizer, 0, 10, 0.6), 0);
        }
        assertThat(study(settle(), 2).getOptimizers())
                .hasSize(2)
                .allSatisfy(
                        optimizer -> assertThat(optimizer.getRobustnessSteps()).isNull());
    }

    /** A point that ended before the rung was tried all the same. */
    @Test
    void pointsThatWereStoppedEarlierKeepTheirPlace() throws Exception {
        for (int point = 0; point < 3; point++) {
            harness.processElement(at("vgg", "sgd", point, 1, 0.5 + 0.1 * point), 0);
            if (point > 0) {
                harness.processElement(at("deit", "sgd", point, 1, 0.5 + 0.1 * point), 0);
            }
        }
        RunEvent stopped = event("deit", "sgd", 1, RunEventKind.STOPPED, 20, 0);
        stopped.setRunId(Records.runId("deit", "sgd", 100));
        stopped.setLearningRate(0.01);
        stopped.setWeightDecay(0.01);
        harness.processElement(of(Topics.RUN_EVENTS, stopped), 0);
        assertThat(study(settle(), 2).getOptimizers().get(0).getRobustnessSteps())
                .isZero();
    }

    /** An evaluation at the last rung of a point of the grid 0.01, 0.02, 0.03 times a scale. */
    private static StudyInput at(String backbone, String optimizer, int point, double scale, double top1) {
        Evaluation evaluation = evaluation(backbone, optimizer, 1, 2, top1);
        evaluation.setRunId(Records.runId(backbone, optimizer, 100 + point));
        evaluation.setHyperparameterPoint(point);
        evaluation.setLearningRate(scale * 0.01 * (point + 1));
        return of(Topics.EVALUATIONS, evaluation);
    }

    @Test
    void onlyTheRungThatChangedIsScoredAgain() throws Exception {
        for (StudyInput input : grid()) {
            harness.processElement(input, 0);
        }
        settle();
        int before = harness.extractOutputValues().size();
        harness.processElement(of(Topics.EVALUATIONS, evaluation("vgg", "sgd", 1, 2, 0.7)), 0);
        settle();
        List<Upsert> after = harness.extractOutputValues()
                .subList(before, harness.extractOutputValues().size());
        assertThat(after)
                .extracting(upsert -> new String(upsert.key(), UTF_8))
                .containsExactly(Topics.couplingKey(Records.STUDY, 2, "vgg", "sgd"), Topics.studyKey(Records.STUDY, 2));
    }

    @Test
    void aCheckpointChangesNoScore() throws Exception {
        for (StudyInput input : grid()) {
            harness.processElement(input, 0);
        }
        harness.processElement(of(Topics.RUN_EVENTS, event("vgg", "sgd", 1, RunEventKind.STARTED, 0, 0)), 0);
        settle();
        int before = harness.extractOutputValues().size();
        harness.processElement(of(Topics.RUN_EVENTS, event("vgg", "sgd", 1, RunEventKind.CHECKPOINTED, 30, 0)), 0);
        settle();
        assertThat(harness.extractOutputValues()).hasSize(before);
        harness.processElement(of(Topics.RUN_EVENTS, event("vgg", "sgd", 2, RunEventKind.CHECKPOINTED, 35, 30)), 0);
        settle();
        assertThat(harness.extractOutputValues()).as("of another attempt").hasSizeGreaterThan(before);
    }

    @Test
    void tooFewIsSaidUntilEnoughCellsReport() throws Exception {
        harness.processElement(of(Topics.EVALUATIONS, evaluation("vgg", "sgd", 1, 1, 0.5)), 0);
        StudyScore study = study(settle(), 1);
        assertThat(study.getTooFew()).isEqualTo("residuals need 2 backbones and 2 optimizers, 1 and 1 report");
        assertThat(study.getOverall()).isNull();
    }

    @Test
    void aDivergedRunCountsAsChanceAtTheRungsItDidNotReach() throws Exception {
        for (StudyInput input : grid()) {
            harness.processElement(input, 0);
        }
        harness.processElement(of(Topics.EVALUATIONS, evaluation("vgg", "sgd", 1, 2, 0.7)), 0);
        harness.processElement(of(Topics.RUN_EVENTS, event("deit", "sgd", 1, RunEventKind.DIVERGED, 25, 0)), 0);
        Map<String, byte[]> scores = settle();
        assertThat(cell(scores, 1, "deit", "sgd").getDiverged()).isFalse();
        CouplingScore diverged = cell(scores, 2, "deit", "sgd");
        assertThat(diverged.getDiverged()).isTrue();
        assertThat(diverged.getAccuracy()).isEqualTo(0.1);
        assertThat(diverged.getTimeMillis()).isEqualTo(12_500);
    }

    /** The order that ended it was for the attempt before, which had been evaluated; the page and the score keep that one's steps, too. */
    @Test
    void anAttemptThatDivergedBeforeAStepOfItsOwnTakesNoRungBack() throws Exception {
        for (StudyInput input : grid()) {
            harness.processElement(input, 0);
        }
        harness.processElement(of(Topics.RUN_EVENTS, event("deit", "sgd", 2, RunEventKind.RESUMED, 10, 10)), 0);
        harness.processElement(of(Topics.RUN_EVENTS, event("deit", "sgd", 2, RunEventKind.DIVERGED, 10, 10)), 0);
        assertThat(cell(settle(), 1, "deit", "sgd").getDiverged()).isFalse();
    }

    @Test
    void aStudyOfWhichEveryRunDivergedHasItsLastRung() throws Exception {
        for (String backbone : BACKBONES) {
            for (String optimizer : OPTIMIZERS) {
                harness.processElement(of(Topics.RUN_REQUESTS, request(backbone, optimizer, BACKBONES, OPTIMIZERS)), 0);
                harness.processElement(
                        of(Topics.RUN_EVENTS, event(backbone, optimizer, 1, RunEventKind.DIVERGED, 3, 0)), 0);
            }
        }
        StudyScore study = study(settle(), 2);
        assertThat(study.getCellsReporting()).isEqualTo(4);
        assertThat(study.getInteractionShare()).isNull();
    }

    @Test
    void theLastRungOfAStudyAskedForTwiceWaitsForTheRunsOfBothGrids() throws Exception {
        for (String optimizer : OPTIMIZERS) {
            harness.processElement(of(Topics.RUN_REQUESTS, request("vgg", optimizer, List.of("vgg"), OPTIMIZERS)), 0);
            harness.processElement(of(Topics.RUN_EVENTS, event("vgg", optimizer, 1, RunEventKind.DIVERGED, 3, 0)), 0);
        }
        RunRequest more = RunRequest.newBuilder(request("deit", "sgd", List.of("deit"), List.of("sgd")))
                .setSubmittedMillis(2)
                .build();
        harness.processElement(of(Topics.RUN_REQUESTS, more), 0);
        assertThat(settle()).isEmpty();
        harness.processElement(of(Topics.RUN_EVENTS, event("deit", "sgd", 1, RunEventKind.STARTED, 0, 0)), 0);
        assertThat(settle()).isEmpty();
        harness.processElement(of(Topics.RUN_EVENTS, event("deit", "sgd", 1, RunEventKind.DIVERGED, 3, 0)), 0);
        assertThat(study(settle(), 2).getCellsReporting()).isEqualTo(3);
    }

    @Test
    void theLastRungOfAStudyAskedForAgainWithOtherSeedsWaitsForThem() throws Exception {
        for (String optimizer : OPTIMIZERS) {
            harness.processElement(of(Topics.RUN_REQUESTS, request("vgg", optimizer, List.of("vgg"), OPTIMIZERS)), 0);
        }
        for (String optimizer : OPTIMIZERS) {
            RunRequest again = RunRequest.newBuilder(request("vgg", optimizer, List.of("vgg"), OPTIMIZERS))
                    .setRunId(Records.runId("vgg", optimizer, 2))
                    .setSeed(2)
                    .setSubmittedMillis(2)
                    .build();
            again.getGrid().setSeeds(List.of(2L));
            harness.processElement(of(Topics.RUN_REQUESTS, again), 0);
        }
        for (String optimizer : OPTIMIZERS) {
            harness.processElement(of(Topics.RUN_EVENTS, event("vgg", optimizer, 1, RunEventKind.DIVERGED, 3, 0)), 0);
        }
        assertThat(settle()).isEmpty();
        for (String optimizer : OPTIMIZERS) {
            RunEvent diverged = event("vgg", optimizer, 1, RunEventKind.DIVERGED, 3, 0);
            diverged.setRunId(Records.runId("vgg", optimizer, 2));
            diverged.setSeed(2);
            harness.processElement(of(Topics.RUN_EVENTS, diverged), 0);
        }
        assertThat(cell(settle(), 2, "vgg", "sgd").getRuns()).isEqualTo(2);
    }

    @Test
    void theLastRungIsThereWhenTheRunsThatAGridSaysItHasHaveEnded() throws Exception {
        for (String optimizer : OPTIMIZERS) {
            RunRequest request = request("vgg", optimizer, List.of("vgg"), OPTIMIZERS);
            request.getGrid().setHyperparameterPoints(2);
            request.getGrid().setRuns(2);
            harness.processElement(of(Topics.RUN_REQUESTS, request), 0);
            assertThat(settle()).isEmpty();
            harness.processElement(of(Topics.RUN_EVENTS, event("vgg", optimizer, 1, RunEventKind.DIVERGED, 3, 0)), 0);
        }
        assertThat(study(settle(), 2).getCellsReporting()).isEqualTo(2);
    }

    @Test
    void aLaterAttemptReplacesWhatItRepeatsAndAddsItsSeconds() throws Exception {
        harness.processElement(of(Topics.EVALUATIONS, evaluation("vgg", "sgd", 1, 1, 0.5)), 0);
        harness.processElement(of(Topics.RUN_EVENTS, event("vgg", "sgd", 2, RunEventKind.RESUMED, 10, 10)), 0);
        harness.processElement(of(Topics.EVALUATIONS, evaluation("vgg", "sgd", 2, 1, 0.6)), 0);
        harness.processElement(of(Topics.EVALUATIONS, evaluation("vgg", "sgd", 1, 1, 0.9)), 0);
        CouplingScore cell = cell(settle(), 1, "vgg", "sgd");
        assertThat(cell.getAccuracy()).isEqualTo(0.6);
        assertThat(cell.getDeviceSeconds()).isEqualTo(6);
        assertThat(cell.getRuns()).isEqualTo(1);
    }

    @Test
    void anyOrderBetweenTopicsAndAnyDuplicatesEndInTheSameBytes() throws Exception {
        List<StudyInput> inputs = new ArrayList<>(grid());
        for (String backbone : BACKBONES) {
            inputs.add(of(Topics.RUN_REQUESTS, request(backbone, "sgd", BACKBONES, OPTIMIZERS)));
            inputs.add(of(Topics.RUN_EVENTS, event(backbone, "sgd", 1, RunEventKind.STARTED, 0, 0)));
            inputs.add(of(Topics.RUN_EVENTS, event(backbone, "sgd", 2, RunEventKind.RESUMED, 10, 10)));
            inputs.add(of(Topics.EVALUATIONS, evaluation(backbone, "sgd", 2, 1, 0.55)));
            inputs.add(of(Topics.EVALUATIONS, evaluation(backbone, "sgd", 2, 2, 0.66)));
        }
        inputs.add(of(Topics.RUN_EVENTS, event("deit", "sgd", 2, RunEventKind.COMPLETED, 40, 10)));
        inputs.add(of(Topics.RUN_EVENTS, event("deit", "adamw", 1, RunEventKind.DIVERGED, 30, 0)));
        Map<String, String> reference = null;
        for (int seed = 0; seed < 20; seed++) {
            harness.close();
            harness = harness();
            harness.open();
            now = 0;
            List<StudyInput> shuffled = new ArrayList<>(inputs);
            shuffled.addAll(inputs.subList(0, 5));
            Collections.shuffle(shuffled, new Random(seed));
            for (StudyInput input : shuffled) {
                harness.processElement(input, 0);
                if (input.value().length % (seed + 1) == 0) {
                    settle();
                }
            }
            Map<String, String> scores = readable(settle());
            reference = reference == null ? scores : reference;
            assertThat(scores).containsExactlyInAnyOrderEntriesOf(reference);
        }
    }

    private static List<StudyInput> grid() {
        return List.of(
                of(Topics.RUN_REQUESTS, request("vgg", "sgd", BACKBONES, OPTIMIZERS)),
                of(Topics.EVALUATIONS, evaluation("vgg", "sgd", 1, 1, 0.5)),
                of(Topics.EVALUATIONS, evaluation("vgg", "adamw", 1, 1, 0.6)),
                of(Topics.EVALUATIONS, evaluation("deit", "sgd", 1, 1, 0.4)),
                of(Topics.EVALUATIONS, evaluation("deit", "adamw", 1, 1, 0.3)));
    }

    /** Lets all timers fire; the newest value of each key. */
    private Map<String, byte[]> settle() throws Exception {
        now += CouplingFunction.LONGEST_WAIT_MILLIS;
        harness.setProcessingTime(now);
        Map<String, byte[]> newest = new HashMap<>();
        harness.extractOutputValues().forEach(upsert -> newest.put(new String(upsert.key(), UTF_8), upsert.value()));
        return newest;
    }

    private static Map<String, String> readable(Map<String, byte[]> scores) {
        Map<String, String> readable = new HashMap<>();
        scores.forEach((key, value) -> readable.put(
                key,
                key.split("\\|").length == 2
                        ? Topics.STUDY_SCORES.wire().decode(value).toString()
                        : Topics.COUPLING_SCORES.wire().decode(value).toString()));
        return readable;
    }

    private static StudyScore study(Map<String, byte[]> scores, int rung) {
        return Topics.STUDY_SCORES.wire().decode(value(scores, Topics.studyKey(Records.STUDY, rung)));
    }

    private static CouplingScore cell(Map<String, byte[]> scores, int rung, String backbone, String optimizer) {
        return Topics.COUPLING_SCORES
                .wire()
                .decode(value(scores, Topics.couplingKey(Records.STUDY, rung, backbone, optimizer)));
    }

    private static byte[] value(Map<String, byte[]> scores, String key) {
        byte[] value = scores.get(key);
        assertThat(value).as(key).isNotNull();
        return value;
    }

    private static <T extends SpecificRecord> StudyInput of(Topic<T> topic, T value) {
        return new StudyInput(Records.STUDY, topic.name(), topic.wire().encode(value));
    }

    private static KeyedOneInputStreamOperatorTestHarness<String, StudyInput, Upsert> harness() {
        try {
            return new KeyedOneInputStreamOperatorTestHarness<>(
                    new KeyedProcessOperator<>(new CouplingFunction()), StudyInput::studyId, Types.STRING);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
