package io.couplet.scores.coupling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RobustnessTest {

    private static HyperparameterPoint at(double rate, double decay) {
        return new HyperparameterPoint(rate, decay);
    }

    /** Distances 0, 0, 1, 3, 0, 2; the interval recorded from scipy.stats.t.interval, −0.327 to 2.327, and a distance is never negative. */
    @Test
    void distancesAreCountedInStepsOfTheGridFromTheMode() {
        List<HyperparameterPoint> best =
                List.of(at(1e-3, 0.01), at(1e-3, 0.01), at(3e-3, 0.01), at(1e-2, 0.1), at(1e-3, 0.01), at(3e-3, 0.1));
        Robustness robustness = Robustness.of(best, List.of(at(1e-3, 0.1)));
        assertThat(robustness.mode()).isEqualTo(at(1e-3, 0.01));
        assertThat(robustness.steps().value()).isCloseTo(1.0, within(1e-12));
        assertThat(robustness.steps().low()).isZero();
        assertThat(robustness.steps().high()).isCloseTo(2.3274427519310317, within(1e-9));
        assertThat(robustness.backbones()).isEqualTo(6);
        assertThat(robustness.gridPoints()).isEqualTo(6);
    }

    @Test
    void pointsThatWereOnlyTriedLieBetween() {
        List<HyperparameterPoint> best = List.of(at(1, 0), at(1, 0), at(4, 0));
        assertThat(Robustness.of(best, List.of()).steps().value()).isCloseTo(1 / 3.0, within(1e-12));
        assertThat(Robustness.of(best, List.of(at(2, 0), at(3, 0))).steps().value())
                .isCloseTo(1.0, within(1e-12));
    }

    @Test
    void aTieOfModesGoesToTheMiddleThenToTheSmaller() {
        assertThat(Robustness.of(List.of(at(1, 0), at(2, 0), at(3, 0)), List.of())
                        .mode())
                .isEqualTo(at(2, 0));
        assertThat(Robustness.of(List.of(at(2, 0), at(1, 0)), List.of()).mode()).isEqualTo(at(1, 0));
    }

    @Test
    void oneBackboneHasNoIntervalAndOneGridPointNoDistance() {
        Robustness one = Robustness.of(List.of(at(1, 0)), List.of(at(2, 0)));
        assertThat(one.steps().value()).isZero();
        assertThat(one.steps().hasInterval()).isFalse();
        assertThat(Robustness.of(List.of(at(1, 0), at(1, 0)), List.of()).steps().isKnown())
                .isFalse();
        assertThatThrownBy(() -> Robustness.of(List.of(), List.of()))
                .hasMessage("best must hold at least one point, was empty");
    }

    @Test
    void ranksAreDense() {
        assertThat(Ranks.dense(new double[] {2, 0.5, Double.NaN, 2, 0, 7})).containsExactly(3, 2, Double.NaN, 3, 1, 4);
        assertThat(Ranks.dense(new double[0])).isEmpty();
        assertThat(Arrays.stream(Ranks.ascending(new double[] {3, 1, 3})).boxed())
                .containsExactly(2.5, 1.0, 2.5);
    }
}
