package io.couplet.scores.convergence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ScheduleTest {

    private static final int BUDGET = 1_000;
    private static final ConvergenceSettings SETTINGS = ConvergenceSettings.forBudget(BUDGET, 50);

    @Test
    void anAbruptDropOfTheLearningRateIsSeenWithoutAnEvent() {
        assertThat(rates(step -> step <= 600 ? 0.1 : 0.01).droppedAt()).isEqualTo(601);
        assertThat(rates(step -> step <= 600 ? 0.1 : 0.06).droppedAt()).isZero();
        assertThat(rates(step -> 0.1 / (1 + step)).droppedAt()).isZero();
        assertThat(rates(step -> Schedule.cosine(step - 1, 50, BUDGET)).droppedAt())
                .isZero();
        assertThat(rates(step -> Double.NaN).droppedAt()).isZero();
        assertThat(rates(step -> step == 30 ? 0.001 : 0.1).droppedAt())
                .as("inside the warm-up")
                .isZero();
    }

    private interface Rate {
        double at(int step);
    }

    private static LearningRates rates(Rate rate) {
        LearningRates.Fold rates = new LearningRates.Fold(LearningRates.NONE);
        for (int step = 1; step <= BUDGET; step++) {
            rates.plus(step, rate.at(step), 50);
        }
        return rates.value();
    }

    @Test
    void afterADropTheForecastIsThePowerLawSinceThen() {
        SplittableRandom random = new SplittableRandom(4);
        Convergence late = run(850, random, false);
        assertThat(late.droppedAt()).isEqualTo(601);
        assertThat(late.forecast().law()).isEqualTo(Forecast.Law.POWER_LAW_SINCE_DROP);
        assertThat(late.forecast().loss()).isCloseTo(loss(BUDGET), within(0.02));
        assertThat(late.spikes()).isZero();
        assertThat(late.verdict()).isEqualTo(Verdict.CONVERGING);
    }

    @Test
    void beforeAKnownDropTheIntervalReachesDownToZeroAndHoldsTheEnd() {
        Convergence early = run(500, new SplittableRandom(5), true);
        assertThat(early.droppedAt()).isZero();
        assertThat(early.forecast().law()).isEqualTo(Forecast.Law.POWER_LAW_BEFORE_DROP);
        assertThat(early.forecast().low()).isZero();
        assertThat(loss(BUDGET))
                .isBetween(early.forecast().low(), early.forecast().high());
        assertThat(run(500, new SplittableRandom(5), false).forecast().low()).isGreaterThan(loss(BUDGET));
    }

    @Test
    void aScheduleToldLateGivesTheSameScoreAsOneToldFirst() {
        assertThat(run(700, new SplittableRandom(6), true))
                .isEqualTo(upTo(ConvergenceState.start(SETTINGS), 700, new SplittableRandom(6))
                        .plus(STEPS)
                        .convergence());
    }

    @Test
    void ofTwoAttemptsTheNewestTellsTheSchedule() {
        Schedule cosine = new Schedule(Schedule.Kind.COSINE, new long[0], 2);
        ConvergenceState state = ConvergenceState.start(SETTINGS).plus(cosine).plus(STEPS);
        assertThat(state.schedule()).isEqualTo(cosine);
    }

    @Test
    void aResumeBeforeTheDropForgetsItAndSeesItAgain() {
        ConvergenceState state = upTo(ConvergenceState.start(SETTINGS), 700, new SplittableRandom(7));
        ConvergenceState resumed = state.plus(2, 400, loss(400), rate(400), 1, 0.5, 400);
        assertThat(resumed.convergence().droppedAt()).isZero();
        for (int step = 401; step <= 700; step++) {
            resumed = resumed.plus(2, step, loss(step), rate(step), 1, 0.5, step);
        }
        assertThat(resumed.convergence().droppedAt()).isEqualTo(601);
    }

    @Test
    void aKnownCosineIsForecastByItsAnnealingLaw() {
        SplittableRandom random = new SplittableRandom(8);
        Schedule cosine = new Schedule(Schedule.Kind.COSINE, new long[0], 1);
        ConvergenceState state = ConvergenceState.start(SETTINGS);
        for (int step = 1; step <= 600; step++) {
            state = state.plus(1, step, annealed(step) + noise(random), 0.1, 1, 0.5, step);
        }
        Forecast plain = state.convergence().forecast();
        Forecast told = state.plus(cosine).convergence().forecast();
        assertThat(told.law()).isEqualTo(Forecast.Law.ANNEALING);
        assertThat(annealed(BUDGET)).isBetween(told.low(), told.high());
        assertThat(Math.abs(told.loss() - annealed(BUDGET))).isLessThan(Math.abs(plain.loss() - annealed(BUDGET)));
    }

    @Test
    void theAreaOfACosineIsTheIntegralOfItsRate() {
        double sum = 0;
        for (int step = 50; step < BUDGET; step++) {
            sum += Schedule.cosine(step + 0.5, 50, BUDGET);
        }
        double area = Schedule.cosineArea(BUDGET, 50, BUDGET) - Schedule.cosineArea(50, 50, BUDGET);
        assertThat(area).isCloseTo(sum, within(1e-3));
    }

    @Test
    void dropsThatDoNotAscendAreRefused() {
        assertThatThrownBy(() -> new Schedule(Schedule.Kind.STEP, new long[] {5, 5}, 1))
                .hasMessage("drops must be ascending steps from 1, were [5, 5]");
    }

    private static final Schedule STEPS = new Schedule(Schedule.Kind.STEP, new long[] {601}, 1);

    private static double rate(int step) {
        return step <= 600 ? 0.1 : 0.01;
    }

    private static double loss(int step) {
        return step <= 600 ? 1 + 2 / Math.sqrt(step) : 0.4 + 0.4 / Math.sqrt(step - 600);
    }

    private static double annealed(int step) {
        return 0.5
                + 2 * Math.pow(Schedule.cosineArea(step, 50, BUDGET), -0.4)
                - 0.2 * (1 - Schedule.cosine(step, 50, BUDGET));
    }

    private static double noise(SplittableRandom random) {
        return (random.nextDouble() - 0.5) * 0.1;
    }

    private static Convergence run(int steps, SplittableRandom random, boolean told) {
        ConvergenceState start = ConvergenceState.start(SETTINGS);
        return upTo(told ? start.plus(STEPS) : start, steps, random).convergence();
    }

    private static ConvergenceState upTo(ConvergenceState start, int steps, SplittableRandom random) {
        ConvergenceState state = start;
        for (int step = 1; step <= steps; step++) {
            state = state.plus(1, step, loss(step) + noise(random), rate(step), 1, 0.5, step);
        }
        return state;
    }
}
