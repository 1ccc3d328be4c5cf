package io.couplet.scores.stopping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.scores.convergence.ConvergenceSettings;
import io.couplet.scores.convergence.ConvergenceState;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;

class DivergenceRuleTest {

    private final DivergenceRule rule = new DivergenceRule(3);

    @Test
    void aLossThatFallsIsKept() {
        assertThat(rule.decide(run(200, step -> 3.0 / step))).isInstanceOf(Decision.Keep.class);
    }

    @Test
    void nanStopsAtOnceEvenInWarmUp() {
        assertThat(rule.decide(run(2, step -> step == 2 ? Double.NaN : 2.3)))
                .isInstanceOfSatisfying(Decision.Stop.class, stop -> {
                    assertThat(stop.rule()).isEqualTo("divergence");
                    assertThat(stop.version()).isEqualTo(1);
                    assertThat(stop.reason()).isEqualTo("the loss became NaN at or before step 2");
                    assertThat(stop.evidence().threshold()).isNaN();
                    assertThat(stop.evidence().values()).containsEntry("step", 2.0);
                });
    }

    @Test
    void infinityStopsAtOnce() {
        assertThat(rule.decide(run(2, step -> step == 2 ? Double.POSITIVE_INFINITY : 2.3)))
                .isInstanceOfSatisfying(
                        Decision.Stop.class,
                        stop -> assertThat(stop.reason()).isEqualTo("the loss became infinite at or before step 2"));
    }

    @Test
    void anExplosionStopsWithItsThreshold() {
        assertThat(rule.decide(run(120, step -> step < 60 ? 2.3 - step * 0.01 : 80)))
                .isInstanceOfSatisfying(Decision.Stop.class, stop -> {
                    assertThat(stop.evidence().threshold()).isEqualTo(3);
                    assertThat(stop.reason()).startsWith("the smoothed loss exploded to ");
                });
    }

    @Test
    void aFactorThatIsNoFactorIsRefused() {
        assertThatThrownBy(() -> new DivergenceRule(1)).hasMessage("explosionFactor must be above 1, was 1.0");
    }

    private static RunSoFar run(int steps, LongToDoubleFunction loss) {
        ConvergenceState state = ConvergenceState.start(ConvergenceSettings.forBudget(300, 15));
        for (int step = 1; step <= steps; step++) {
            state = state.plus(1, step, loss.applyAsDouble(step), 0.1, 1, 0.5, step);
        }
        return RunSoFar.of("s-000000.b.o.s1.000000", state.convergence(), steps);
    }
}
