package io.couplet.flink;

import static io.couplet.flink.Records.step;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.avro.Verdict;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ScoreRunsTest {

    private static final String RUN = Records.runId("vgg", "sgd", 1);

    private KeyedOneInputStreamOperatorTestHarness<String, StepBatch, Upsert> harness = harness();

    @BeforeEach
    void open() throws Exception {
        harness.open();
    }

    @AfterEach
    void close() throws Exception {
        harness.close();
    }

    @Test
    void oneScoreLeavesForAllStepsOfAMoment() throws Exception {
        for (int step = 1; step <= 12; step++) {
            accept(1, step, 3.0 / step);
        }
        assertThat(harness.extractOutputValues()).isEmpty();
        harness.setProcessingTime(ScoreRuns.WAIT_MILLIS);
        assertThat(scores()).singleElement().satisfies(score -> {
            assertThat(score.getRunId()).isEqualTo(RUN);
            assertThat(score.getStudyId()).isEqualTo(Records.STUDY);
            assertThat(score.getStep()).isEqualTo(12);
            assertThat(score.getStepsSeen()).isEqualTo(12);
            assertThat(score.getBudgetSteps()).isEqualTo(Records.BUDGET);
            assertThat(score.getTimeMillis()).isEqualTo(12_000);
            assertThat(score.getVerdict()).isEqualTo(Verdict.CONVERGING);
            assertThat(score.getNonFinite()).isNull();
        });
    }

    @Test
    void nanIsNamedWithItsStepAndDiverges() throws Exception {
        accept(1, 1, 2.3);
        accept(1, 2, Double.NaN);
        harness.setProcessingTime(100);
        assertThat(scores()).singleElement().satisfies(score -> {
            assertThat(score.getVerdict()).isEqualTo(Verdict.DIVERGED);
            assertThat(score.getNonFinite()).isEqualTo("loss NaN at step 2");
            assertThat(score.getSlope()).isNull();
        });
    }

    @Test
    void duplicatesAndOlderAttemptsAreCountedInTheScore() throws Exception {
        accept(1, 1, 2.3);
        accept(1, 1, 2.3);
        accept(2, 2, 2.2);
        accept(1, 3, 99);
        harness.setProcessingTime(100);
        assertThat(scores()).singleElement().satisfies(score -> {
            assertThat(score.getStepsSeen()).isEqualTo(2);
            assertThat(score.getRecordsIgnored()).isEqualTo(2);
            assertThat(score.getAttempt()).isEqualTo(2);
        });
    }

    @Test
    void evaluationsAndTheScheduleReachTheScoreInWhateverOrderTheTopicsAreRead() throws Exception {
        for (int rung = 1; rung <= 2; rung++) {
            tell(Topics.EVALUATIONS, evaluation(rung));
        }
        harness.setProcessingTime(100);
        assertThat(harness.extractOutputValues()).as("no score without a step").isEmpty();
        for (int step = 1; step <= 30; step++) {
            accept(1, step, 3.0 / step);
        }
        tell(Topics.RUN_EVENTS, schedule());
        harness.setProcessingTime(200);
        ConvergenceScore first = scores().get(0);
        assertThat(first.getEvaluations()).isEqualTo(2);
        assertThat(first.getEvaluationsIgnored()).isZero();
        assertThat(first.getStepsToTarget()).isEqualTo(Records.BUDGET);
        assertThat(first.getSecondsToTarget()).isEqualTo(6);
        assertThat(first.getForecastTop1()).isEqualTo(0.8);
        assertThat(first.getForecastLaw()).isEqualTo("power-law-before-drop");
        assertThat(first.getBudgetSteps()).isEqualTo(Records.BUDGET);

        close();
        harness = harness();
        open();
        tell(Topics.RUN_EVENTS, schedule());
        for (int step = 1; step <= 30; step++) {
            accept(1, step, 3.0 / step);
        }
        for (int rung = 1; rung <= 2; rung++) {
            tell(Topics.EVALUATIONS, evaluation(rung));
        }
        harness.setProcessingTime(200);
        assertThat(scores()).containsExactly(first);
    }

    private static Evaluation evaluation(int rung) {
        return Evaluation.newBuilder(Records.evaluation("vgg", "sgd", 1, rung, 0.4 * rung))
                .setTargetTop1(0.75)
                .build();
    }

    private static RunEvent schedule() {
        return RunEvent.newBuilder(Records.event("vgg", "sgd", 1, RunEventKind.STARTED, 0, 0))
                .setSchedule("step")
                .setLearningRateDrops(List.of(35))
                .build();
    }

    private <T extends SpecificRecord> void tell(Topic<T> topic, T record) throws Exception {
        Told.Of told = Told.of(topic.name(), topic.wire().encode(record));
        assertThat(told).isNotNull();
        StepBatch batch = StepBatch.of(told.runId().getBytes(UTF_8), told.told());
        DataOutputSerializer out = new DataOutputSerializer(64);
        StepBatchType.Serializer serializer = new StepBatchType.Serializer();
        serializer.serialize(batch, out);
        harness.processElement(serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer())), 0);
    }

    @Test
    void aRestoredOperatorGoesOnWhereTheSnapshotWasAndItsDueScoreStillLeaves() throws Exception {
        for (int step = 1; step <= 20; step++) {
            accept(1, step, 3.0 / step);
        }
        OperatorSubtaskState snapshot = harness.snapshot(1, 1);
        harness.close();
        harness = harness();
        harness.initializeState(snapshot);
        harness.open();
        harness.setProcessingTime(100);
        assertThat(scores())
                .singleElement()
                .satisfies(score -> assertThat(score.getStepsSeen()).isEqualTo(20));
        accept(1, 21, 3.0 / 21);
        harness.setProcessingTime(200);
        assertThat(scores())
                .last()
                .satisfies(score -> assertThat(score.getStepsSeen()).isEqualTo(21));
    }

    @Test
    void manyRunsTakeTurnsAndEachEndsWithItsNewestScore() throws Exception {
        int runs = 5_000;
        for (int step = 1; step <= 2; step++) {
            for (int run = 0; run < runs; run++) {
                harness.processElement(batch(step(Records.runId("vgg", "sgd", run), 1, step, 2.0 / step)), 0);
            }
        }
        harness.setProcessingTime(ScoreRuns.WAIT_MILLIS);
        assertThat(harness.extractOutputValues()).isNotEmpty().hasSizeLessThan(runs / 2);
        for (long time = 100; harness.extractOutputValues().size() < runs && time < 1_000_000; time += 100) {
            harness.setProcessingTime(time);
        }
        harness.setProcessingTime(2_000_000);
        assertThat(scores())
                .hasSize(runs)
                .allSatisfy(score -> assertThat(score.getStepsSeen()).isEqualTo(2));
    }

    @Test
    void runsThatEndedOrFellSilentHoldBackNoOther() throws Exception {
        String ended = Records.runId("vgg", "sgd", 2);
        String silent = Records.runId("vgg", "sgd", 3);
        for (int step = 1; step <= Records.BUDGET; step++) {
            harness.processElement(batch(step(ended, 1, step, 2.0 / step)), 0);
        }
        harness.processElement(batch(step(silent, 1, 1, 2)), 0);
        harness.setProcessingTime(1_000); // a turn publishes one score at least
        harness.setProcessingTime(2_000);
        assertThat(scores()).extracting(ConvergenceScore::getRunId).containsExactlyInAnyOrder(ended, silent);

        // Hours later the third one begins, without a watermark and with clocks of its own.
        harness.setProcessingTime(10_000_000);
        accept(1, 1, 2.3);
        harness.setProcessingTime(10_000_000 + ScoreRuns.WAIT_MILLIS);
        assertThat(scores()).hasSize(3).last().satisfies(score -> {
            assertThat(score.getRunId()).isEqualTo(RUN);
            assertThat(score.getStepsSeen()).isEqualTo(1);
        });
    }

    private void accept(int attempt, int step, double loss) throws Exception {
        harness.processElement(batch(step(RUN, attempt, step, loss)), 0);
    }

    static StepBatch batch(StepMetrics... steps) {
        StepReader reader = new StepReader(WireFormat.SINGLE_OBJECT);
        StepBatch batch = new StepBatch();
        for (StepMetrics metrics : steps) {
            reader.read(Topics.STEP_METRICS.wire().encode(metrics));
            batch.add(reader);
        }
        return batch;
    }

    private List<ConvergenceScore> scores() {
        return harness.extractOutputValues().stream()
                .map(upsert -> Topics.CONVERGENCE_SCORES.wire().decode(upsert.value()))
                .toList();
    }

    private static KeyedOneInputStreamOperatorTestHarness<String, StepBatch, Upsert> harness() {
        try {
            return new KeyedOneInputStreamOperatorTestHarness<>(new ScoreRuns(), StepBatch::firstRunId, Types.STRING);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
