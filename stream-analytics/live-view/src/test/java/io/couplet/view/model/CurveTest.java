package io.couplet.view.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class CurveTest {

    @Test
    void everyStepIsKeptForItselfUpToTheBound() {
        Curve curve = curveOf(Curve.BUCKETS, new Random(1));

        CurveSnapshot all = thinned(curve, Curve.BUCKETS);
        assertThat(all.step()).hasSize(Curve.BUCKETS);
        assertThat(all.steps()).containsOnly(1);
    }

    @Test
    void beyondTheBoundNoStepIsLostAndNoSpikeEither() {
        int steps = 10 * Curve.BUCKETS + 17;
        Curve curve = curveOf(steps, new Random(2));
        curve.add(new Curve.Point(steps + 1, 1e6, 0.1, 1, 1, 1, 0.01f, 1000L * 60));

        assertThat(curve.size()).isLessThanOrEqualTo(Curve.BUCKETS);
        assertThat(curve.steps()).isEqualTo(steps + 1);
        for (int points : new int[] {1, 7, 500, Curve.BUCKETS}) {
            CurveSnapshot thin = thinned(curve, points);
            assertThat(thin.step().length).isLessThanOrEqualTo(points);
            assertThat(Arrays.stream(thin.steps()).sum()).isEqualTo(steps + 1);
            assertThat(Arrays.stream(thin.lossMax()).max()).hasValue(1e6);
        }
    }

    @Test
    void theMeanOfMergedStepsIsTheMeanOfTheSteps() {
        Curve curve = new Curve();
        double sum = 0;
        int steps = 4 * Curve.BUCKETS;
        for (int step = 1; step <= steps; step++) {
            curve.add(new Curve.Point(step, step % 10, 0.1, 1, 1, 1, 0.01f, 1000L * 60));
            sum += step % 10;
        }

        assertThat(thinned(curve, 1).loss()[0]).isCloseTo(sum / steps, within(1e-3));
    }

    @Test
    void aLossThatIsNoNumberIsCountedAndLeavesTheOthersAlone() {
        Curve curve = new Curve();
        curve.add(new Curve.Point(1, 2, 0.1, 1, 1, 1, 0.01f, 1000L * 60));
        curve.add(new Curve.Point(2, Double.NaN, 0.1, 1, 1, 1, 0.01f, 1000L * 60));
        curve.add(new Curve.Point(3, Double.POSITIVE_INFINITY, 0.1, 1, 1, 1, 0.01f, 1000L * 60));
        curve.add(new Curve.Point(4, 4, 0.1, 1, 1, 1, 0.01f, 1000L * 60));

        CurveSnapshot thin = thinned(curve, 1);
        assertThat(thin.nonFinite()[0]).isEqualTo(2);
        assertThat(thin.loss()[0]).isEqualTo(3);
        assertThat(thin.lossMin()[0]).isEqualTo(2);
        assertThat(thin.lossMax()[0]).isEqualTo(4);
    }

    @Test
    void oneStepThatStandsOutIsMarkedHoweverThinTheCurveAndNoneIsWithoutOne() {
        for (boolean spike : new boolean[] {true, false}) {
            Curve curve = new Curve();
            Random random = new Random(3);
            for (int step = 1; step <= 3000; step++) {
                double loss = 2 + 0.1 * random.nextGaussian() + (spike && step == 2000 ? 2 : 0);
                curve.add(new Curve.Point(step, loss, 0.1, 1, 1, 1, 0.01f, 0));
            }
            for (int points : new int[] {3000, 300}) {
                CurveSnapshot thin = thinned(curve, points);
                int marked = 0;
                for (int i = 0; i < thin.step().length; i++) {
                    marked += thin.spike()[i] ? 1 : 0;
                    if (thin.spike()[i] && thin.lossMax()[i] > 3) {
                        assertThat(2000).isBetween(thin.step()[i] - thin.steps()[i] + 1, thin.step()[i]);
                    }
                }
                assertThat(Arrays.stream(thin.lossMax()).anyMatch(loss -> loss > 3))
                        .isEqualTo(spike);
                assertThat(marked).isBetween(spike ? 1 : 0, spike ? 4 : 3);
            }
        }
    }

    @Test
    void theGreatestGradientAndUpdateStayAndSecondsCountFromTheBeginning() {
        Curve curve = new Curve();
        for (int step = 1; step <= 100; step++) {
            curve.add(new Curve.Point(
                    step, 2, 0.1, step == 40 ? 50 : 1, 1, 1, step == 60 ? 0.5f : 0.001f, 10_000L + 250L * step));
        }
        CurveSeries series = new CurveSeries();
        curve.copyInto(series, Integer.MAX_VALUE);
        CurveSnapshot thin = series.thinned(4, 10, 10_250);

        assertThat(thin.gradientNormMax()).containsExactly(1, 50, 1, 1);
        assertThat(thin.updateRatioMax()[2]).isCloseTo(0.5, within(1e-6));
        assertThat(thin.seconds()).containsExactly(6, 12.25, 18.5, 24.75);
    }

    @Test
    void stepsThatComeLateAreSortedIn() {
        Curve curve = new Curve();
        for (int step : new int[] {5, 1, 3, 2, 4}) {
            curve.add(new Curve.Point(step, step, 0.1, 1, 1, 1, 0.01f, 1000L * 60));
        }

        assertThat(thinned(curve, 10).step()).containsExactly(1, 2, 3, 4, 5);
    }

    private static Curve curveOf(int steps, Random random) {
        Curve curve = new Curve();
        for (int step = 1; step <= steps; step++) {
            curve.add(new Curve.Point(step, 2 + random.nextGaussian(), 0.1, 1, 1, 1, 0.01f, 1000L * 60));
        }
        return curve;
    }

    private static CurveSnapshot thinned(Curve curve, int points) {
        CurveSeries series = new CurveSeries();
        curve.copyInto(series, Integer.MAX_VALUE);
        return series.thinned(points, 10, 0);
    }
}
