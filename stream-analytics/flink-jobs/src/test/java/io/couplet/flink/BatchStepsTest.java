package io.couplet.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BatchStepsTest {

    private static final int KEY_GROUPS = 128;
    private static final String FIRST = Records.runId("vgg", "sgd", 1);
    private static final String SECOND = Records.runId("vgg", "sgd", 2);

    @SuppressWarnings("NullAway.Init")
    private OneInputStreamOperatorTestHarness<Received, StepBatch> harness;

    /** What left, as text: the operator uses its batches again, as the network lets it. */
    private final List<String> batches = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        harness = new OneInputStreamOperatorTestHarness<>(
                new BatchSteps("test", java.util.Map.of()), KEY_GROUPS, 1, 0) {};
        harness.setup(StepBatchType.Serializer.INSTANCE);
        harness.open();
    }

    @AfterEach
    void close() throws Exception {
        harness.close();
    }

    @Test
    void stepsOfAMomentLeaveTogetherThoseOfARunInTheirOrder() throws Exception {
        accept(FIRST, 1, 2.5);
        accept(SECOND, 1, 3.5);
        accept(FIRST, 2, 2.25);
        assertThat(emitted()).isEmpty();

        harness.setProcessingTime(BatchSteps.WAIT_MILLIS);

        assertThat(emitted()).containsExactlyInAnyOrder(FIRST + " [1 2.5, 2 2.25]", SECOND + " [1 3.5]");
        accept(SECOND, 2, 3.25);
        harness.setProcessingTime(BatchSteps.WAIT_MILLIS + BatchSteps.BUSY_WAIT_MILLIS);
        assertThat(emitted()).containsExactly(SECOND + " [2 3.25]");
    }

    @Test
    void aFullBatchDoesNotWait() throws Exception {
        for (int step = 1; step <= StepBatch.FULL + 1; step++) {
            accept(FIRST, step, 1);
        }
        assertThat(emitted()).singleElement().asString().endsWith(StepBatch.FULL + " 1.0]");
        harness.setProcessingTime(BatchSteps.WAIT_MILLIS);
        assertThat(emitted()).containsExactly(FIRST + " [" + (StepBatch.FULL + 1) + " 1.0]");
    }

    @Test
    void nothingWaitsAcrossACheckpointBarrierOrTheEnd() throws Exception {
        accept(FIRST, 1, 1);
        harness.prepareSnapshotPreBarrier(1);
        assertThat(emitted()).hasSize(1);
        accept(FIRST, 2, 1);
        harness.endInput();
        assertThat(emitted()).hasSize(1);
    }

    @Test
    void noStepIsLostAmongManyRunsAndAllOfABatchAreOfOneKeyGroup() throws Exception {
        int runs = 20_000;
        for (int run = 0; run < runs; run++) {
            accept(Records.runId("vgg", "sgd", run), 1, 1);
        }
        harness.setProcessingTime(BatchSteps.WAIT_MILLIS);
        assertThat(emitted()).hasSize(runs).doesNotHaveDuplicates();
    }

    @Test
    void whatCannotBeReadGoesAsideWithItsOriginAndCause() throws Exception {
        harness.processElement(new Received(Topics.STEP_METRICS.name(), 3, 7, null, new byte[] {1, 2}), 0);
        harness.processElement(new Received(Topics.STEP_METRICS.name(), 3, 8, null, null), 0);
        accept("no run id", 1, 1);

        assertThat(harness.getSideOutput(Read.UNREADABLE))
                .extracting(record -> record.getValue().received().offset() + " "
                        + record.getValue().cause())
                .satisfiesExactly(
                        first -> assertThat(first).startsWith("7 These 2 bytes are no StepMetrics"),
                        second -> assertThat(second).isEqualTo("8 the record has no value"),
                        third -> assertThat(third).startsWith("0 A run id reads"));
        harness.setProcessingTime(BatchSteps.WAIT_MILLIS);
        assertThat(emitted()).isEmpty();
    }

    @Test
    void whatIsToldOfARunThatIsNoneIsCountedAndNotHandedOn() throws Exception {
        Evaluation evaluation = Records.evaluation("vgg", "sgd", 1, 1, 0.5);
        RunEvent event = Records.event("vgg", "sgd", 1, RunEventKind.STARTED, 0, 0);
        event.setSchedule("step");
        tell(Topics.EVALUATIONS, evaluation);
        tell(Topics.RUN_EVENTS, event);
        assertThat(harness.extractOutputValues()).hasSize(2);
        harness.getOutput().clear();

        evaluation.setRunId("none");
        event.setRunId("none");
        tell(Topics.EVALUATIONS, evaluation);
        tell(Topics.RUN_EVENTS, event);
        assertThat(harness.extractOutputValues()).isEmpty();
    }

    private <T extends SpecificRecord> void tell(Topic<T> topic, T record) throws Exception {
        harness.processElement(
                new Received(topic.name(), 0, 0, null, topic.wire().encode(record)), 0);
    }

    @Test
    void anIdThatIsNoneIsRefusedAmongStepsThatWaitAndTheyLeaveAsIfItHadNotCome() throws Exception {
        int group = KeyGroupRangeAssignment.assignToKeyGroup(FIRST, KEY_GROUPS);
        List<String> ofTheSameGroup = IntStream.range(0, 10_000)
                .mapToObj(i -> "no run id " + i)
                .filter(id -> KeyGroupRangeAssignment.assignToKeyGroup(id, KEY_GROUPS) == group)
                .toList();
        assertThat(ofTheSameGroup).hasSizeGreaterThan(10);
        accept(FIRST, 1, 2.5);
        for (String id : ofTheSameGroup) {
            accept(id, 1, 99);
            accept(id, 2, 99);
        }
        accept(FIRST, 2, 2.25);
        harness.setProcessingTime(BatchSteps.WAIT_MILLIS);

        assertThat(emitted()).containsExactly(FIRST + " [1 2.5, 2 2.25]");
        assertThat(harness.getSideOutput(Read.UNREADABLE))
                .hasSize(2 * ofTheSameGroup.size())
                .allSatisfy(record -> assertThat(record.getValue().cause()).startsWith("A run id reads"));
    }

    private void accept(String runId, int step, double loss) throws Exception {
        byte[] value = Topics.STEP_METRICS.wire().encode(Records.step(runId, 1, step, loss));
        harness.processElement(new Received(Topics.STEP_METRICS.name(), 0, 0, null, value), 0);
    }

    private List<String> emitted() {
        batches.clear();
        for (StepBatch batch : harness.extractOutputValues()) {
            batches.addAll(text(batch));
        }
        harness.getOutput().clear();
        return List.copyOf(batches);
    }

    private static List<String> text(@Nullable StepBatch batch) {
        assertThat(batch).isNotNull();
        Map<String, List<String>> steps = new LinkedHashMap<>();
        for (int i = 0; i < batch.size; i++) {
            int at = i * StepBatch.STEP_BYTES;
            steps.computeIfAbsent(batch.runId(batch.runOf[i]), run -> new ArrayList<>())
                    .add(StepBatch.step(batch.steps, at) + " " + StepBatch.loss(batch.steps, at));
        }
        assertThat(steps.keySet())
                .extracting(run -> KeyGroupRangeAssignment.assignToKeyGroup(run, KEY_GROUPS))
                .containsOnly(KeyGroupRangeAssignment.assignToKeyGroup(batch.firstRunId(), KEY_GROUPS));
        return steps.entrySet().stream()
                .map(run -> run.getKey() + ' ' + run.getValue())
                .toList();
    }
}
