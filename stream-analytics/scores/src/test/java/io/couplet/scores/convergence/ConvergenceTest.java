package io.couplet.scores.convergence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;

class ConvergenceTest {

    private static final ConvergenceSettings SETTINGS = ConvergenceSettings.forBudget(300, 15);

    @Test
    void beforeTheFirstStepNothingIsKnown() {
        Convergence nothing = ConvergenceState.start(SETTINGS).convergence();
        assertThat(nothing.stepsSeen()).isZero();
        assertThat(nothing.smoothedLoss()).isNaN();
        assertThat(nothing.slope().value()).isNaN();
        assertThat(nothing.forecast().loss()).isNaN();
        assertThat(nothing.verdict()).isEqualTo(Verdict.WARMING_UP);
    }

    @Test
    void smoothedLossIsAdamsBiasCorrectedMean() {
        double beta = Math.pow(0.5, 1 / SETTINGS.halfLifeSteps());
        double moment = 0;
        ConvergenceState state = ConvergenceState.start(SETTINGS);
        for (int step = 1; step <= 40; step++) {
            double loss = 2 + Math.sin(step);
            moment = beta * moment + (1 - beta) * loss;
            state = state.plus(1, step, loss, 0.1, 1, 0.5, step);
            assertThat(state.convergence().smoothedLoss())
                    .isCloseTo(moment / (1 - Math.pow(beta, step)), within(1e-12));
        }
    }

    @Test
    void oneTwoAndThreeStepsGiveExactlyTheirMeans() {
        ConvergenceSettings halving = new ConvergenceSettings(0, 0, 1, 64, 0.03, 3, 6);
        ConvergenceState one = ConvergenceState.start(halving).plus(1, 1, 4, 0.1, 1, 0.5, 1);
        assertThat(one.convergence().smoothedLoss()).isEqualTo(4);
        assertThat(one.convergence().lossNoise()).isNaN();
        ConvergenceState two = one.plus(1, 2, 1, 0.1, 1, 0.5, 2);
        assertThat(two.convergence().smoothedLoss()).isCloseTo((4 * 0.5 + 1) / 1.5, within(1e-12));
        ConvergenceState three = two.plus(1, 3, 2, 0.1, 1, 0.5, 3);
        assertThat(three.convergence().smoothedLoss()).isCloseTo((4 * 0.25 + 0.5 + 2) / 1.75, within(1e-12));
        assertThat(three.convergence().initialLoss()).isCloseTo(7.0 / 3, within(1e-12));
    }

    @Test
    void slopeOfAPowerLawIsItsExponentWithoutError() {
        Convergence end = run(SETTINGS, 300, step -> 3 * Math.pow(step, -0.4));
        assertThat(end.slope().value()).isCloseTo(-0.4, within(1e-3));
        assertThat(end.slope().standardError()).isLessThan(1e-3);
        assertThat(end.slope().points()).isGreaterThan(20);
    }

    /** Recorded from scipy.stats.linregress on log(1, 2, 4, 8) and log(4, 3, 2.5, 1). */
    @Test
    void slopeAgreesWithLinregress() {
        Slope slope = Slope.of(
                new Blocks.Points(new double[] {1, 2, 4, 8}, new double[] {4, 3, 2.5, 1}, new double[] {1, 1, 1, 1}));
        assertThat(slope.value()).isCloseTo(SLOPE, within(1e-12));
        assertThat(slope.standardError()).isCloseTo(SLOPE_ERROR, within(1e-12));
    }

    @Test
    void forecastOfAPowerLawIsItsEnd() {
        Convergence half = run(SETTINGS, 150, step -> 0.5 + 2 * Math.pow(step, -0.5));
        assertThat(half.forecast().loss()).isCloseTo(0.5 + 2 * Math.pow(300, -0.5), within(0.01));
        assertThat(half.forecast().exponent()).isCloseTo(0.5, within(0.051));
        assertThat(half.progress()).isBetween(0.8, 1.0);
    }

    @Test
    void forecastIntervalCoversTheNoiselessEndAtItsRate() {
        SplittableRandom random = new SplittableRandom(3);
        int covered = 0;
        for (int trial = 0; trial < 200; trial++) {
            Forecast forecast = run(SETTINGS, 150, step -> 0.4 + 2 * Math.pow(step, -0.5) + noise(random, 0.05))
                    .forecast();
            double truth = 0.4 + 2 * Math.pow(300, -0.5);
            covered += forecast.low() <= truth && truth <= forecast.high() ? 1 : 0;
        }
        assertThat(covered / 200.0).isBetween(0.90, 1.0);
    }

    @Test
    void fallingNoisyLossConverges() {
        SplittableRandom random = new SplittableRandom(1);
        LongToDoubleFunction loss = step -> 0.8 + 2 * Math.pow(step, -0.5) + noise(random, 0.05);
        assertThat(run(SETTINGS, 120, loss).verdict()).isEqualTo(Verdict.CONVERGING);
        assertThat(run(SETTINGS, 300, loss).verdict()).isEqualTo(Verdict.CONVERGED);
    }

    @Test
    void flatLossIsAPlateauAlsoAtTheEnd() {
        SplittableRandom random = new SplittableRandom(2);
        LongToDoubleFunction chance = step -> Math.log(10) + noise(random, 0.05);
        assertThat(run(SETTINGS, 200, chance).verdict()).isEqualTo(Verdict.PLATEAUED);
        assertThat(run(SETTINGS, 300, chance).verdict()).isEqualTo(Verdict.PLATEAUED);
    }

    @Test
    void risingLossDivergesAndFarAboveItsStartItHasDiverged() {
        LongToDoubleFunction turns = step -> step < 120 ? 2.3 - 0.01 * step : 1.1 * Math.exp((step - 120) * 0.02);
        assertThat(run(SETTINGS, 150, turns).verdict()).isEqualTo(Verdict.DIVERGING);
        Convergence end = run(SETTINGS, 250, turns);
        assertThat(end.verdict()).isEqualTo(Verdict.DIVERGED);
        assertThat(end.explodedStep()).isBetween(170L, 250L);
        assertThat(end.nonFinite()).isEqualTo(NonFinite.NONE);
    }

    @Test
    void oneSpikeIsCountedButIsNoExplosion() {
        SplittableRandom random = new SplittableRandom(5);
        Convergence end = run(SETTINGS, 200, step -> step == 150 ? 500 : 1 + 1.0 / step + noise(random, 0.05));
        assertThat(end.spikes()).isEqualTo(1);
        assertThat(end.explodedStep()).isZero();
        assertThat(end.verdict()).isNotEqualTo(Verdict.DIVERGED);
    }

    @Test
    void aDropOfTheLearningRateIsNeverCalledDivergence() {
        SplittableRandom random = new SplittableRandom(9);
        ConvergenceState state = ConvergenceState.start(SETTINGS);
        for (int step = 1; step <= 300; step++) {
            boolean dropped = step > 150;
            double loss = (dropped ? 0.3 + 0.0002 * (step - 150) : 0.9 + Math.pow(step, -0.5)) + noise(random, 0.03);
            state = state.plus(1, step, loss, dropped ? 0.01 : 0.1, 1, 0.5, step);
            assertThat(state.convergence().verdict()).isNotIn(Verdict.DIVERGING, Verdict.DIVERGED);
        }
        assertThat(state.convergence().verdict()).isEqualTo(Verdict.CONVERGED);
    }

    @Test
    void warmUpIsNeverJudgedButANonFiniteLossIs() {
        ConvergenceState state = ConvergenceState.start(SETTINGS);
        for (int step = 1; step <= 15; step++) {
            state = state.plus(1, step, Math.exp(step), 0.1, 1, 0.5, step);
            assertThat(state.convergence().verdict()).isEqualTo(Verdict.WARMING_UP);
        }
        ConvergenceState nan = state.plus(1, 16, Double.NaN, 0.1, Double.NaN, Double.NaN, 16);
        assertThat(run(SETTINGS, 3, step -> step == 2 ? Double.NaN : 1).verdict())
                .isEqualTo(Verdict.DIVERGED);
        assertThat(nan.convergence().nonFinite()).isEqualTo(NonFinite.NAN_LOSS);
        assertThat(nan.convergence().nonFiniteStep()).isEqualTo(16);
        assertThat(nan.convergence().smoothedLoss())
                .isEqualTo(state.convergence().smoothedLoss());
        assertThat(run(SETTINGS, 3, step -> step == 2 ? Double.POSITIVE_INFINITY : 1)
                        .nonFinite())
                .isEqualTo(NonFinite.INFINITE_LOSS);
    }

    @Test
    void anInfiniteGradientIsNamedButIsNoDivergence() {
        ConvergenceState state = ConvergenceState.start(SETTINGS)
                .plus(1, 1, 2.3, 0.1, Double.POSITIVE_INFINITY, 0.5, 1)
                .plus(1, 2, 2.3, 0.1, Double.NaN, 0.5, 2);
        assertThat(state.convergence().nonFinite()).isEqualTo(NonFinite.INFINITE_GRADIENT);
        assertThat(state.convergence().verdict()).isEqualTo(Verdict.WARMING_UP);
        assertThat(state.plus(1, 3, Double.NaN, 0.1, 1, 0.5, 3).convergence().nonFinite())
                .isEqualTo(NonFinite.NAN_LOSS);
    }

    @Test
    void duplicatesAndOlderAttemptsAreCountedAndChangeNothingElse() {
        ConvergenceState state = upTo(SETTINGS, 1, 1, 50, step -> 3.0 / step);
        ConvergenceState again = state.plus(1, 50, 99, 9, 9, 0.9, 1).plus(1, 7, 99, 9, 9, 0.9, 1);
        assertThat(again.convergence().duplicatesIgnored()).isEqualTo(2);
        assertThat(again.convergence())
                .usingRecursiveComparison()
                .withEqualsForType((a, b) -> Double.compare(a, b) == 0, Double.class)
                .ignoringFields("duplicatesIgnored")
                .isEqualTo(state.convergence());
        ConvergenceState second = state.plus(2, 51, 0.05, 0.1, 1, 0.5, 51).plus(1, 52, 99, 9, 9, 0.9, 52);
        assertThat(second.convergence().olderAttemptsIgnored()).isEqualTo(1);
        assertThat(second.convergence().stepsSeen()).isEqualTo(51);
    }

    @Test
    void permutedDuplicatesAndStepsOfOlderAttemptsNeverChangeTheScore() {
        Random random = new Random(17);
        for (int trial = 0; trial < 30; trial++) {
            ConvergenceState clean = ConvergenceState.start(SETTINGS);
            ConvergenceState disturbed = clean;
            List<int[]> seen = new ArrayList<>();
            long sent = 0;
            for (int attempt = 1; attempt <= 3; attempt++) {
                int from = attempt == 1 ? 1 : 30 * attempt - 20 + random.nextInt(20);
                for (int step = from; step <= 60 * attempt; step++) {
                    double loss = 3.0 / step + 0.1 * attempt;
                    clean = clean.plus(attempt, step, loss, 0.1, 1, 0.5, 10L * step);
                    disturbed = disturbed.plus(attempt, step, loss, 0.1, 1, 0.5, 10L * step);
                    seen.add(new int[] {attempt, step});
                    sent++;
                    Collections.shuffle(seen, random);
                    for (int[] again : seen.subList(0, random.nextInt(Math.min(4, seen.size() + 1)))) {
                        disturbed = disturbed.plus(again[0], again[1], 77, 7, 7, 0.7, 7);
                        sent++;
                    }
                }
            }
            Convergence score = disturbed.convergence();
            assertThat(score)
                    .usingRecursiveComparison()
                    .withEqualsForType((a, b) -> Double.compare(a, b) == 0, Double.class)
                    .ignoringFields("duplicatesIgnored", "olderAttemptsIgnored")
                    .isEqualTo(clean.convergence());
            assertThat(score.stepsSeen()
                            + score.superseded()
                            + score.duplicatesIgnored()
                            + score.olderAttemptsIgnored())
                    .isEqualTo(sent);
        }
    }

    @Test
    void anAttemptFromTheFirstStepStartsAnew() {
        ConvergenceState first = upTo(SETTINGS, 1, 1, 80, step -> 50);
        ConvergenceState anew = first;
        for (int step = 1; step <= 40; step++) {
            anew = anew.plus(2, step, 3.0 / step, 0.1, 1, 0.5, 10L * step);
        }
        assertThat(anew.convergence())
                .usingRecursiveComparison()
                .withEqualsForType((a, b) -> Double.compare(a, b) == 0, Double.class)
                .ignoringFields("superseded", "attempt")
                .isEqualTo(run(SETTINGS, 40, step -> 3.0 / step));
        assertThat(anew.convergence().superseded()).isEqualTo(80);
        assertThat(anew.convergence().attempt()).isEqualTo(2);
    }

    @Test
    void anAttemptThatResumesKeepsTheBeginningAndForgetsWhatItRepeats() {
        ConvergenceState first = upTo(SETTINGS, 1, 1, 100, step -> step > 60 ? Double.NaN : 3 - step * 0.02);
        assertThat(first.convergence().verdict()).isEqualTo(Verdict.DIVERGED);
        ConvergenceState resumed = first;
        for (int step = 51; step <= 120; step++) {
            resumed = resumed.plus(2, step, 3 - step * 0.02, 0.1, 1, 0.5, step);
        }
        Convergence end = resumed.convergence();
        assertThat(end.nonFinite()).isEqualTo(NonFinite.NONE);
        assertThat(end.initialLoss()).isEqualTo(first.convergence().initialLoss());
        assertThat(end.stepsSeen()).isEqualTo(120);
        assertThat(end.superseded()).isEqualTo(50);
        assertThat(end.verdict()).isEqualTo(Verdict.CONVERGING);
    }

    @Test
    void aResumeWithoutRepetitionGoesOnAsIfNothingHadHappened() {
        ConvergenceState whole = upTo(SETTINGS, 1, 1, 90, step -> 3.0 / step);
        ConvergenceState parts = upTo(SETTINGS, 1, 1, 45, step -> 3.0 / step);
        for (int step = 46; step <= 90; step++) {
            parts = parts.plus(2, step, 3.0 / step, 0.1, 1, 0.5, 10L * step);
        }
        assertThat(parts.convergence())
                .usingRecursiveComparison()
                .withEqualsForType((a, b) -> Double.compare(a, b) == 0, Double.class)
                .ignoringFields("attempt")
                .isEqualTo(whole.convergence());
    }

    @Test
    void theUsualGapIsThatBetweenSteps() {
        assertThat(run(SETTINGS, 100, step -> 2).usualGapMillis()).isCloseTo(10, within(1e-9));
    }

    @Test
    void negativeAndZeroLossesHaveNoSlopeButAVerdict() {
        Convergence negative = run(SETTINGS, 200, step -> -1.0 * step);
        assertThat(negative.slope().value()).isNaN();
        assertThat(negative.verdict()).isIn(Verdict.WARMING_UP, Verdict.CONVERGING);
        assertThat(run(SETTINGS, 300, step -> 0).verdict()).isNotNull();
    }

    @Test
    void stepsTakenInPlaceAreStepsTakenOneByOne() {
        Random random = new Random(11);
        for (int budget : new int[] {0, 1, 2, 3, 30, 400}) {
            ConvergenceState oneByOne = ConvergenceState.start(ConvergenceSettings.forBudget(budget, budget / 20));
            ConvergenceFold inPlace = new ConvergenceFold(oneByOne);
            int attempt = 1;
            int step = 0;
            for (int i = 0; i < 600; i++) {
                if (random.nextInt(100) == 0) {
                    attempt++;
                    step = Math.max(0, step - random.nextInt(40));
                }
                step += random.nextInt(20) == 0 ? -1 : 1;
                double loss = random.nextInt(200) == 0 ? Double.NaN : 2 / Math.sqrt(Math.max(1, step));
                double rate = i < 300 ? 0.1 : 0.01;
                double noise = random.nextInt(30) == 0 ? Double.NaN : random.nextDouble();
                int of = random.nextInt(50) == 0 ? Math.max(1, attempt - 1) : attempt;
                oneByOne = oneByOne.plus(of, Math.max(1, step), loss + noise, rate, noise, noise, 10L * i);
                inPlace.plus(of, Math.max(1, step), loss + noise, rate, noise, noise, 10L * i);
            }
            assertThat(inPlace.state())
                    .usingRecursiveComparison()
                    .withEqualsForType((a, b) -> Double.compare(a, b) == 0, Double.class)
                    .isEqualTo(oneByOne);
            assertThat(inPlace.counted())
                    .isEqualTo(oneByOne.tally().steps() + oneByOne.tally().superseded());
        }
    }

    @Test
    void aStateThatWasTakenOutStaysAsItWas() {
        ConvergenceFold fold = new ConvergenceFold(ConvergenceState.start(ConvergenceSettings.forBudget(300, 0)));
        for (int step = 1; step <= 150; step++) {
            fold.plus(1, step, 2.0 / step, 0.1, 1, 0.5, step);
        }
        ConvergenceState taken = fold.state();
        Convergence before = taken.convergence();
        for (int step = 151; step <= 300; step++) {
            fold.plus(1, step, 9, 0.1, 1, 0.5, step);
        }
        assertThat(taken.convergence()).isEqualTo(before);
        assertThat(fold.state().convergence()).isNotEqualTo(before);
    }

    @Test
    void memoryStaysConstant() {
        ConvergenceState state = upTo(ConvergenceSettings.forBudget(0, 0), 1, 1, 200_000, step -> 1 + 1.0 / step);
        assertThat(state.window().sums()).hasSizeLessThanOrEqualTo(32 * Blocks.FIELDS);
        assertThat(state.curve().sums()).hasSizeLessThanOrEqualTo(64 * Blocks.FIELDS);
        assertThat(state.tally().steps()).isEqualTo(200_000);
    }

    @Test
    void settingsOutOfRangeAreRefusedWithTheirValue() {
        assertThatThrownBy(() -> new ConvergenceSettings(10, 0, 1, 1, 0.03, 3, 6))
                .hasMessage("windowSteps must be at least 2, was 1");
        assertThatThrownBy(() -> ConvergenceSettings.forBudget(-1, 0))
                .hasMessage("budgetSteps must not be negative, was -1");
    }

    private static final double SLOPE = -0.6263034405833794;
    private static final double SLOPE_ERROR = 0.16701083467669672;

    private static double noise(SplittableRandom random, double deviation) {
        double sum = -6;
        for (int i = 0; i < 12; i++) {
            sum += random.nextDouble();
        }
        return sum * deviation;
    }

    private static Convergence run(ConvergenceSettings settings, int steps, LongToDoubleFunction loss) {
        return upTo(settings, 1, 1, steps, loss).convergence();
    }

    private static ConvergenceState upTo(
            ConvergenceSettings settings, int attempt, int from, int to, LongToDoubleFunction loss) {
        ConvergenceState state = ConvergenceState.start(settings);
        for (int step = from; step <= to; step++) {
            state = state.plus(attempt, step, loss.applyAsDouble(step), 0.1, 1, 0.5, 10L * step);
        }
        return state;
    }
}
