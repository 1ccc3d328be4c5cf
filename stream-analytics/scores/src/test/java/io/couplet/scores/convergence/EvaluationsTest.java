package io.couplet.scores.convergence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EvaluationsTest {

    private static final long BUDGET = 1_000;

    @Test
    void fewerThanFiveEvaluationsGiveNoForecast() {
        Evaluations four = upTo(4, 10);
        assertThat(forecast(four).top1()).isNaN();
        assertThat(forecast(upTo(5, 10)).top1()).isBetween(0.0, 1.0);
        assertThat(forecast(Evaluations.NONE).top1()).isNaN();
    }

    @Test
    void accuracyThatFollowsThePowerLawIsForecastAndStaysWithinItsBounds() {
        AccuracyForecast half = forecast(upTo(20, 25));
        assertThat(half.top1()).isCloseTo(top1(BUDGET), within(0.01));
        assertThat(half.low()).isBetween(0.0, half.top1());
        assertThat(half.high()).isBetween(half.top1(), 1.0);
        Evaluations perfect = Evaluations.NONE;
        for (int i = 1; i <= 10; i++) {
            perfect = perfect.plus(1, 10L * i, 1, false, i);
        }
        assertThat(forecast(perfect).high()).isEqualTo(1);
    }

    @Test
    void theIntervalHoldsTheLastEvaluationAtItsRate() {
        SplittableRandom random = new SplittableRandom(11);
        int held = 0;
        for (int trial = 0; trial < 300; trial++) {
            Evaluations evaluations = Evaluations.NONE;
            for (int i = 1; i <= 12; i++) {
                evaluations = evaluations.plus(1, 50L * i, top1(50L * i) + noise(random), false, i);
            }
            AccuracyForecast forecast = forecast(evaluations);
            double end = top1(BUDGET) + noise(random);
            held += forecast.low() <= end && end <= forecast.high() ? 1 : 0;
        }
        assertThat(held / 300.0).isBetween(0.92, 1.0);
    }

    @Test
    void aDropToComeRaisesTheForecastAndWidensItUpwards() {
        Evaluations evaluations = upTo(20, 25);
        AccuracyForecast without = AccuracyForecast.of(evaluations, 0, false, BUDGET);
        AccuracyForecast ahead = AccuracyForecast.of(evaluations, 0, true, BUDGET);
        assertThat(1 - ahead.top1()).isCloseTo(0.7 * (1 - without.top1()), within(1e-12));
        assertThat(1 - ahead.high()).isCloseTo(0.4 * (1 - without.high()), within(1e-12));
    }

    @Test
    void atTheEndOfTheBudgetTheForecastIsWhatWasSeen() {
        Evaluations end = upTo(20, 50);
        assertThat(forecast(end)).isEqualTo(new AccuracyForecast(top1(BUDGET), top1(BUDGET), top1(BUDGET), 20));
    }

    @Test
    void duplicatesInAnyOrderAndOlderAttemptsAreCountedAndChangeNothingElse() {
        Random random = new Random(3);
        for (int trial = 0; trial < 50; trial++) {
            List<long[]> records = new ArrayList<>();
            Evaluations clean = Evaluations.NONE;
            Evaluations disturbed = Evaluations.NONE;
            int sent = 0;
            for (int i = 1; i <= 30; i++) {
                int attempt = i <= 12 ? 1 : 2;
                long step = i <= 12 ? 10L * i : 10L * (i - 4);
                clean = clean.plus(attempt, step, top1(step), step >= 150, step);
                disturbed = disturbed.plus(attempt, step, top1(step), step >= 150, step);
                records.add(new long[] {attempt, step});
                List<long[]> again = new ArrayList<>(records);
                Collections.shuffle(again, random);
                for (long[] record : again.subList(0, random.nextInt(again.size() + 1))) {
                    disturbed = disturbed.plus((int) record[0], record[1], 0.99, true, 9_999);
                    sent++;
                }
                sent++;
            }
            assertThat(disturbed.count() + disturbed.ignored()).isEqualTo(sent);
            assertThat(disturbed)
                    .usingRecursiveComparison()
                    .ignoringFields("ignored")
                    .isEqualTo(clean);
        }
    }

    @Test
    void aLaterAttemptTakesBackWhatItRepeatsTheTargetToo() {
        Evaluations first = Evaluations.NONE.plus(1, 10, 0.5, false, 1).plus(1, 20, 0.95, true, 2);
        assertThat(first.targetStep()).isEqualTo(20);
        assertThat(first.targetSeconds()).isEqualTo(2);
        Evaluations second = first.plus(2, 20, 0.6, false, 1.5);
        assertThat(second.targetStep()).isZero();
        assertThat(second.count()).isEqualTo(2);
        assertThat(second.ignored()).isEqualTo(1);
        Evaluations third = second.plus(2, 30, 0.96, true, 3);
        assertThat(third.targetStep()).isEqualTo(30);
        assertThat(third.targetSeconds()).as("of both attempts").isEqualTo(5);
    }

    @Test
    void onlyTheFirstEvaluationAtTheTargetCounts() {
        Evaluations evaluations = Evaluations.NONE
                .plus(1, 10, 0.9, true, 1)
                .plus(1, 20, 0.5, false, 2)
                .plus(1, 30, 0.9, true, 3);
        assertThat(evaluations.targetStep()).isEqualTo(10);
    }

    @Test
    void evaluationsWithoutAResultAreCountedAsIgnored() {
        Evaluations evaluations = Evaluations.NONE.plus(1, 10, Double.NaN, false, 1);
        assertThat(evaluations.count()).isZero();
        assertThat(evaluations.ignored()).isEqualTo(1);
        assertThat(evaluations.lastStep()).isEqualTo(10);
    }

    @Test
    void tenThousandEvaluationsTakeConstantRoomAndKeepTheirMeans() {
        Evaluations evaluations = upTo(10_000, 1);
        assertThat(evaluations.counts().length).isBetween(64, Evaluations.CAPACITY);
        assertThat(evaluations.count()).isEqualTo(10_000);
        double sum = 0;
        for (double part : evaluations.top1()) {
            sum += part;
        }
        double expected = 0;
        for (int step = 1; step <= 10_000; step++) {
            expected += top1(step);
        }
        assertThat(sum).isCloseTo(expected, within(1e-6));
    }

    private static double top1(long step) {
        return 0.9 - 0.8 * Math.pow(step, -0.5);
    }

    private static double noise(SplittableRandom random) {
        double sum = -6;
        for (int i = 0; i < 12; i++) {
            sum += random.nextDouble();
        }
        return 0.01 * sum;
    }

    private static Evaluations upTo(int count, long every) {
        Evaluations evaluations = Evaluations.NONE;
        for (int i = 1; i <= count; i++) {
            evaluations = evaluations.plus(1, every * i, top1(every * i), false, i);
        }
        return evaluations;
    }

    private static AccuracyForecast forecast(Evaluations evaluations) {
        return AccuracyForecast.of(evaluations, 0, false, BUDGET);
    }
}
