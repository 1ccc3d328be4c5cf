package io.couplet.scores.coupling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class PerformanceProfilesTest {

    private static final double NEVER = Double.POSITIVE_INFINITY;
    private static final double[][] COSTS = {{10, 20, NEVER}, {30, 15, 90}, {8, 8, 33}, {NEVER, NEVER, NEVER}};
    private static final PerformanceProfiles PROFILES =
            PerformanceProfiles.of(List.of("a", "b", "c"), COSTS, PerformanceProfiles.ALGOPERF_RATIO);

    @Test
    void aProfileIsTheShareOfBackbonesWithinARatio() {
        PerformanceProfiles.Profile a = PROFILES.profile("a");
        assertThat(a.ratios()).containsExactly(1.0, 1.0, 2.0, NEVER);
        assertThat(a.at(1)).isEqualTo(0.5);
        assertThat(a.at(1.999)).isEqualTo(0.5);
        assertThat(a.at(2)).isEqualTo(0.75);
        assertThat(a.at(1e9)).isEqualTo(0.75);
        assertThat(PROFILES.unreached()).isEqualTo(1);
    }

    /** Recorded from numpy: the trapezoid sum of the profile over 3,000 points of [1, 4] agrees to 1e-4. */
    @Test
    void theScoreIsTheProfilesMeanUpToFour() {
        assertThat(PROFILES.profile("a").score().value()).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(PROFILES.profile("b").score().value()).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(PROFILES.profile("c").score().value()).isZero();
        assertThat(PROFILES.profile("a").score().low()).isZero();
        assertThat(PROFILES.profile("a").score().high()).isEqualTo(1);
    }

    @Test
    void pairingsThatDidNotRunAreNoFailures() {
        PerformanceProfiles profiles = PerformanceProfiles.of(
                List.of("a", "b"), new double[][] {{10, 5}, {Double.NaN, 5}, {Double.NaN, Double.NaN}}, 4);
        assertThat(profiles.profile("a").ratios()).containsExactly(2.0);
        assertThat(profiles.profile("a").score().hasInterval()).isFalse();
        assertThat(profiles.profile("b").score().value()).isEqualTo(1);
        assertThat(profiles.unreached()).isZero();
    }

    @Test
    void withoutAnyCostThereIsNoScore() {
        PerformanceProfiles none = PerformanceProfiles.of(List.of("a"), new double[0][0], 4);
        assertThat(none.profile("a").score().isKnown()).isFalse();
        assertThat(none.profile("a").at(2)).isNaN();
    }

    @Test
    void costsMustBePositiveAndTheRatioAboveOne() {
        assertThatThrownBy(() -> PerformanceProfiles.of(List.of("a"), new double[][] {{0}}, 4))
                .hasMessage("costs must be positive, one was 0.0");
        assertThatThrownBy(() -> PerformanceProfiles.of(List.of("a"), new double[][] {{1}}, 1))
                .hasMessage("largestRatio must be finite and above 1, was 1.0");
    }
}
