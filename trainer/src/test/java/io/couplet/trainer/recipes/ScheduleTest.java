package io.couplet.trainer.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ScheduleTest {

    @Test
    void warmsUpLinearlyPeaksOnceAndFallsToNearZero() {
        Schedule schedule = Schedule.cosineWithWarmup(4, 100);
        assertThat(schedule.factor(1)).isCloseTo(0.2, within(1e-12));
        assertThat(schedule.factor(4)).isCloseTo(0.8, within(1e-12));
        assertThat(schedule.factor(5)).isEqualTo(1);
        assertThat(schedule.factor(53)).isCloseTo(0.5, within(1e-12));
        assertThat(schedule.factor(100)).isPositive().isLessThan(0.001);
    }

    @Test
    void aConstantOneWarmsUpTheSameWayAndStaysAtThePeak() {
        Schedule constant = Schedule.constantWithWarmup(4, 100);
        Schedule cosine = Schedule.cosineWithWarmup(4, 100);
        for (int step = 1; step <= 5; step++) {
            assertThat(constant.factor(step)).isEqualTo(cosine.factor(step));
        }
        assertThat(constant.factor(6)).isEqualTo(1);
        assertThat(constant.factor(100)).isEqualTo(1);
    }

    @Test
    void withoutWarmupTheFirstStepHasThePeak() {
        assertThat(Schedule.cosineWithWarmup(0, 1).factor(1)).isEqualTo(1);
    }

    @Test
    void aWarmupAsLongAsTheBudgetIsRefused() {
        assertThatThrownBy(() -> Schedule.cosineWithWarmup(10, 10))
                .hasMessage("warmupSteps must be at least 0 and below budgetSteps 10, was 10");
    }
}
