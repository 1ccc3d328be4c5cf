package io.couplet.cli.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.avro.Verdict;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The books of a run that was taken up again at step 40 of the 57 it had. */
class BooksTest {

    private static final String RUN = "study-3fa2c1.vgg.sgd.s0.a0b1c2";
    private static final List<StepMetrics> FIRST =
            IntStream.rangeClosed(1, 57).mapToObj(step -> step(1, step)).toList();

    private static Books.RunBook book(List<StepMetrics> steps, RunEvent ending, long scored) {
        return Books.book(
                RUN,
                List.of(event(1, RunEventKind.STARTED, 0, 0), event(2, RunEventKind.RESUMED, 40, 40), ending),
                steps,
                Optional.of(score(scored, steps.size() - scored)),
                Set.of("person-1"));
    }

    @Test
    void anAttemptThatEndedWhereItTookUpLeavesTheStepsOfTheOneBefore() {
        Books.RunBook book = book(FIRST, event(2, RunEventKind.STOPPED, 40, 40), 57);

        assertThat(book.faults()).isEmpty();
        assertThat(book.lastStep()).isEqualTo(57);
    }

    @Test
    void anAttemptThatTrainedHasTheLastWord() {
        List<StepMetrics> steps = Stream.concat(FIRST.stream(), Stream.of(step(2, 41), step(2, 42)))
                .toList();

        assertThat(book(steps, event(2, RunEventKind.STOPPED, 42, 40), 42).faults())
                .isEmpty();
        assertThat(book(steps, event(2, RunEventKind.STOPPED, 43, 40), 42).faults())
                .containsExactly("43 different steps in the topic, 42 scored");
    }

    @Test
    void aScoreThatLacksStepsIsAFault() {
        assertThat(book(FIRST, event(2, RunEventKind.STOPPED, 40, 40), 40).faults())
                .containsExactly("57 different steps in the topic, 40 scored");
    }

    private static StepMetrics step(int attempt, int step) {
        return StepMetrics.newBuilder()
                .setRunId(RUN)
                .setAttempt(attempt)
                .setStep(step)
                .setBudgetSteps(300)
                .setWarmupSteps(2)
                .setEpoch(0)
                .setLoss(1)
                .setLearningRate(0.1)
                .setGradientNorm(1)
                .setUpdateRatio(0.01f)
                .setBatchAccuracy(0.5f)
                .setSamplesPerSecond(100)
                .setTimeMillis(step)
                .build();
    }

    private static RunEvent event(int attempt, RunEventKind kind, int step, int resumedAt) {
        return RunEvent.newBuilder()
                .setRunId(RUN)
                .setStudyId("study-3fa2c1")
                .setAttempt(attempt)
                .setBackbone("vgg")
                .setOptimizer("sgd")
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setKind(kind)
                .setStep(step)
                .setBudgetSteps(300)
                .setWarmupSteps(2)
                .setResumedAtStep(resumedAt)
                .setCommandId(kind == RunEventKind.STOPPED ? "person-1" : null)
                .setStepsTrained(step - resumedAt)
                .setDeviceSeconds(0)
                .setTimeMillis(attempt)
                .build();
    }

    private static ConvergenceScore score(long seen, long ignored) {
        return ConvergenceScore.newBuilder()
                .setRunId(RUN)
                .setStudyId("study-3fa2c1")
                .setAttempt(1)
                .setStep((int) seen)
                .setBudgetSteps(300)
                .setStepsSeen(seen)
                .setRecordsIgnored(ignored)
                .setSmoothedLoss(1)
                .setBestSmoothedLoss(1)
                .setFirstLoss(1)
                .setSpikes(0)
                .setVerdict(Verdict.CONVERGING)
                .setTimeMillis(1)
                .build();
    }
}
