package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import org.junit.jupiter.api.Test;

class RunHistoryTest {

    @Test
    void attemptsWithoutAnEndStayOpen() {
        RunHistory history = RunHistory.NONE
                .plus(event(1, RunEventKind.STARTED))
                .plus(event(2, RunEventKind.STARTED))
                .plus(event(2, RunEventKind.STARTED));
        assertThat(history.attempts()).isEqualTo(2);
        assertThat(history.open()).containsExactlyInAnyOrder(1, 2);
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

    private static RunEvent event(int attempt, RunEventKind kind) {
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
