package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunHistoryTest {

    static {
        Topics.all(); // with them comes Avro's trust in the classes of records
    }

    @Test
    void attemptsWithoutAnEndStayOpen() {
        RunHistory history = RunHistory.NONE
                .plus(event(1, RunEventKind.STARTED))
                .plus(event(2, RunEventKind.STARTED))
                .plus(event(2, RunEventKind.STARTED));
        assertThat(history.attempts()).isEqualTo(2);
        assertThat(history.open()).containsOnlyKeys(1, 2);
        assertThat(history.ended()).isFalse();
    }

    @Test
    void aReleasedAttemptIsNoDeath() {
        RunHistory history =
                RunHistory.NONE.plus(event(1, RunEventKind.STARTED)).plus(event(1, RunEventKind.RELEASED));
        assertThat(history.open()).isEmpty();
        assertThat(history.attempts()).isEqualTo(1);
        assertThat(history.ended()).isFalse();
    }

    @Test
    void anEndIsForGood() {
        RunHistory history = RunHistory.NONE
                .plus(event(1, RunEventKind.STARTED))
                .plus(event(2, RunEventKind.STARTED))
                .plus(event(2, RunEventKind.COMPLETED));
        assertThat(history.settles(Long.MAX_VALUE)).isTrue();
    }

    @Test
    void aFailedRunMayBeAskedForAgain() {
        RunHistory history =
                RunHistory.NONE.plus(event(1, RunEventKind.STARTED)).plus(event(2, RunEventKind.FAILED, 1000));
        assertThat(history.settles(1000)).isTrue();
        assertThat(history.settles(1001)).isFalse();
        assertThat(history.broken()).isZero();
        RunHistory again = history.plus(event(3, RunEventKind.STARTED));
        assertThat(again.ended()).isFalse();
        assertThat(again.broken()).isEqualTo(1);
        assertThat(again.plus(event(3, RunEventKind.COMPLETED)).settles(Long.MAX_VALUE))
                .isTrue();
    }

    @Test
    void aFailureOfASupersededAttemptSaysNothingOfTheLaterOne() {
        RunHistory later = RunHistory.NONE.plus(begun(1, 7)).plus(begun(2, 7));
        RunHistory history = later.plus(event(1, RunEventKind.FAILED, 1000));
        assertThat(history.ended()).isFalse();
        assertThat(history.settles(0)).isFalse();
        assertThat(history.open()).containsOnlyKeys(2);
        assertThat(history.plus(event(2, RunEventKind.COMPLETED)).settles(Long.MAX_VALUE))
                .isTrue();
        assertThat(later.plus(event(2, RunEventKind.FAILED, 1000)).settles(1000))
                .isTrue();
    }

    @Test
    void aPausedRunMayBeAskedForAgain() {
        RunEvent pause = paused(1, 1000);
        RunHistory history =
                RunHistory.NONE.plus(event(1, RunEventKind.STARTED)).plus(pause).plus(pause);
        assertThat(history.settles(1000)).isTrue();
        assertThat(history.settles(1001)).isFalse();
        assertThat(history.broken()).isZero();
        RunHistory again = history.plus(event(2, RunEventKind.RESUMED));
        assertThat(again.ended()).isFalse();
        assertThat(again.plus(pause)).as("heard of late").isEqualTo(again);
        assertThat(again.plus(event(2, RunEventKind.STOPPED)).settles(Long.MAX_VALUE))
                .isTrue();
    }

    @Test
    void anEndOfASupersededAttemptThatIsHeardOfLateSaysNothingOfTheLaterOne() {
        RunHistory later = RunHistory.NONE.plus(begun(1, 7)).plus(begun(2, 7));
        for (RunEventKind end : List.of(RunEventKind.COMPLETED, RunEventKind.DIVERGED, RunEventKind.STOPPED)) {
            RunHistory history = later.plus(event(1, end));
            assertThat(history.settles(0)).as("%s", end).isFalse();
            assertThat(history.open()).containsOnlyKeys(2);
            assertThat(history.plus(event(2, RunEventKind.COMPLETED)).settles(Long.MAX_VALUE))
                    .isTrue();
        }
    }

    @Test
    void aSecondRecordOfARequestIsKnownWhileTheFirstIsWorkedOff() {
        RunHistory history = RunHistory.NONE.plus(begun(1, 7));
        assertThat(history.isWorkedOffByAnother(9, 0)).isTrue();
        assertThat(history.isWorkedOffByAnother(7, 0)).as("its trainer died").isFalse();
        assertThat(history.isWorkedOffByAnother(9, 8))
                .as("the first has expired in the queue")
                .isFalse();
        assertThat(history.isWorkedOffByAnother(3, 0))
                .as("the queue was made again")
                .isFalse();
        assertThat(history.plus(event(1, RunEventKind.RELEASED)).isWorkedOffByAnother(9, 0))
                .as("it was given back as a new record")
                .isFalse();
        assertThat(RunHistory.NONE.plus(event(1, RunEventKind.STARTED)).isWorkedOffByAnother(9, 0))
                .as("its trainer did not say")
                .isFalse();
    }

    @Test
    void ofTwoThatClaimOneNumberTheFirstHasIt() {
        RunHistory history = RunHistory.NONE.plus(claim(1, 7, "a")).plus(claim(1, 7, "b"));
        assertThat(history.attempts()).isEqualTo(1);
        assertThat(history.isClaimedBy("a")).isTrue();
        assertThat(history.isClaimedBy("b")).isFalse();
        assertThat(history.broken()).as("it may have died before it began").isEqualTo(1);
        assertThat(history.plus(begun(1, 7)).isClaimedBy("a")).isTrue();
        RunHistory next = history.plus(claim(2, 7, "b"));
        assertThat(next.isClaimedBy("b")).isTrue();
        assertThat(next.broken()).isEqualTo(2);
        assertThat(next.plus(event(3, RunEventKind.STOPPED)).isClaimedBy("b")).isFalse();
    }

    @Test
    void whatIsOverIsClaimedByNobodyAndWhatFailedIsTakenUp() {
        RunHistory over = RunHistory.NONE.plus(begun(1, 7)).plus(event(1, RunEventKind.COMPLETED));
        assertThat(over.plus(claim(2, 7, "b"))).isEqualTo(over);
        RunHistory failed = RunHistory.NONE.plus(begun(1, 7)).plus(event(1, RunEventKind.FAILED, 1000));
        RunHistory again = failed.plus(claim(2, 9, "b"));
        assertThat(again.ended()).isFalse();
        assertThat(again.isClaimedBy("b")).isTrue();
    }

    static RunEvent claim(int attempt, long requestOffset, String whose) {
        return RunEvent.newBuilder(event(attempt, RunEventKind.PREPARING))
                .setRequestOffset(requestOffset)
                .setClaim(whose)
                .build();
    }

    static RunEvent begun(int attempt, long requestOffset) {
        return RunEvent.newBuilder(event(attempt, RunEventKind.STARTED))
                .setRequestOffset(requestOffset)
                .build();
    }

    private static RunEvent paused(int attempt, long timeMillis) {
        return RunEvent.newBuilder(event(attempt, RunEventKind.STOPPED, timeMillis))
                .setPaused(true)
                .build();
    }

    static RunEvent event(int attempt, RunEventKind kind) {
        return event(attempt, kind, 0);
    }

    private static RunEvent event(int attempt, RunEventKind kind, long timeMillis) {
        return RunEvent.newBuilder()
                .setRunId("s-000000.resnet.sgd.s0.000000")
                .setStudyId("s-000000")
                .setAttempt(attempt)
                .setBackbone("resnet")
                .setOptimizer("sgd")
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setKind(kind)
                .setStep(0)
                .setBudgetSteps(1)
                .setWarmupSteps(0)
                .setResumedAtStep(0)
                .setStepsTrained(0)
                .setDeviceSeconds(0)
                .setTimeMillis(timeMillis)
                .build();
    }
}
