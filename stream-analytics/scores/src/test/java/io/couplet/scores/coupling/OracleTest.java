package io.couplet.scores.coupling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Against numpy 2.4 and scipy 1.17. Additive fits: {@code numpy.linalg.lstsq} on a column of ones and one dummy variable a row and a column, freedom from
 * {@code matrix_rank}. Interaction with seeds: residual sum of that fit on all seeds less the sum within cells, over the mean square within cells.
 * Tukey: the squared fitted values as one more covariate. p-values: {@code scipy.stats.f.sf}.
 */
class OracleTest {

    private static final double NAN = Double.NaN;

    @Test
    void twoByTwoWithSeeds() {
        InteractionTest test = seeds(new double[][][] {{{50, 52}, {60, 61}}, {{40, 41}, {30, 33}}});
        agrees(test, InteractionTest.Kind.SEEDS, 91.26666666666667, 1, 4, 0.0006705807879285947);
    }

    @Test
    void unequalSeedsAndAMissingCell() {
        InteractionTest test = seeds(new double[][][] {
            {{50, 52, 51}, {60, 61}, {55}}, {{40, 41}, {}, {30, 33, 34, 31}}, {{44}, {52, 51}, {39, 45}}
        });
        agrees(test, InteractionTest.Kind.SEEDS, 7.409290096406662, 3, 9, 0.008372612851098336);
    }

    @Test
    void manyCellsWithUnequalSeedsAndMissingOnes() {
        Coupling coupling = Coupling.of(table(many()), 0);
        agrees(coupling.interaction(), InteractionTest.Kind.SEEDS, 7.693430753600102, 41, 31, 3.777399171571022e-08);
        assertThat(coupling.shares().backbone().value()).isCloseTo(0.47193226838690294, within(1e-10));
        assertThat(coupling.shares().optimizer().value()).isCloseTo(0.3939365303673687, within(1e-10));
        assertThat(coupling.shares().interaction().value()).isCloseTo(0.1341312012457283, within(1e-10));
        assertThat(coupling.shares().freedom()).isEqualTo(41);
    }

    @Test
    void weightedLeastSquaresHasTheSameResidualSumEitherWayRound() {
        double[][][] seeds = many();
        double[][] means = new double[7][9];
        double[][] weights = new double[7][9];
        double[][] meansAcross = new double[9][7];
        double[][] weightsAcross = new double[9][7];
        for (int i = 0; i < 7; i++) {
            for (int j = 0; j < 9; j++) {
                means[i][j] = Means.of(seeds[i][j]);
                weights[i][j] = seeds[i][j].length;
                meansAcross[j][i] = means[i][j];
                weightsAcross[j][i] = weights[i][j];
            }
        }
        AdditiveFit fit = AdditiveFit.of(means, weights, Incidence.of(means));
        AdditiveFit across = AdditiveFit.of(meansAcross, weightsAcross, Incidence.of(meansAcross));
        assertThat(fit.residualSum()).isCloseTo(834.1393805129933, within(1e-9));
        assertThat(across.residualSum()).isCloseTo(834.1393805129933, within(1e-9));
        assertThat(across.at(3, 5)).isCloseTo(fit.at(5, 3), within(1e-10));
        assertThat(AdditiveFit.of(means, Incidence.of(means)).residualSum()).isCloseTo(557.1914378727747, within(1e-9));
    }

    @Test
    void tukeyOfMeansWithMissingCells() {
        double[][][] one = many();
        for (double[][] row : one) {
            for (int j = 0; j < row.length; j++) {
                row[j] = row[j].length == 0 ? row[j] : new double[] {Means.of(row[j])};
            }
        }
        agrees(
                Coupling.of(table(one), 0).interaction(),
                InteractionTest.Kind.TUKEY,
                0.05244725201615718,
                1,
                40,
                0.820025223398519);
    }

    @Test
    void tukeyOfThreeByThreeAndOfThreeByFourWithTwoMissing() {
        agrees(
                single(new double[][] {{50, 62, 55}, {40, 47, 35}, {71, 65, 52}}),
                InteractionTest.Kind.TUKEY,
                0.0037486697951077744,
                1,
                3,
                0.9550296200414818);
        agrees(
                single(new double[][] {{50, 62, NAN, 41}, {40, NAN, 35, 33}, {71, 65, 52, 60}}),
                InteractionTest.Kind.TUKEY,
                0.003843401895831576,
                1,
                3,
                0.9544659024050104);
    }

    @Test
    void twoByTwoWithoutSeedsHasTooFewCellsForATest() {
        InteractionTest test = single(new double[][] {{50, 60}, {40, 30}});
        assertThat(test.kind()).isEqualTo(InteractionTest.Kind.NONE);
        assertThat(test.tooFew()).isEqualTo("Tukey's test needs 2 degrees of freedom in the interaction, has 1");
        assertThat(test.pValue()).isNaN();
    }

    @Test
    void oneCellAndNoneHaveNoTest() {
        assertThat(single(new double[][] {{50}}).tooFew()).startsWith("residuals need 2 backbones");
        Table empty = Table.of(List.of(), List.of(), List.of(), 0.1);
        assertThat(Coupling.of(empty, 0).interaction().kind()).isEqualTo(InteractionTest.Kind.NONE);
    }

    @Test
    void anAdditiveTableAndOneWithoutRowEffectsHaveNoTest() {
        assertThat(single(new double[][] {{50, 60, 70}, {40, 50, 60}, {10, 20, 30}})
                        .tooFew())
                .isEqualTo("the table is additive to the last digit: nothing is left to test");
        assertThat(single(new double[][] {{50, 60, 70}, {60, 70, 50}, {70, 50, 60}})
                        .tooFew())
                .isEqualTo("Tukey's test needs backbones that differ and optimizers that differ");
    }

    @Test
    void seedsThatAgreeExactlyRefuteAdditivity() {
        InteractionTest test = seeds(new double[][][] {{{50, 50}, {60, 60}}, {{40, 40}, {30, 30}}});
        assertThat(test.statistic()).isInfinite();
        assertThat(test.pValue()).isZero();
    }

    @Test
    void blocksThatShareNothingAreFittedEachByItself() {
        Coupling coupling = Coupling.of(
                table(single3(
                        new double[][] {{50, 60, NAN, NAN}, {40, 30, NAN, NAN}, {NAN, NAN, 20, 30}, {NAN, NAN, 30, 20}
                        })),
                0);
        // Each 2 × 2 block has one degree of freedom and residuals of 5: 4 · 25 in both.
        assertThat(coupling.shares().freedom()).isEqualTo(2);
        assertThat(coupling.cell("b0", "o0").residualPoints().value()).isCloseTo(-5, within(1e-9));
        assertThat(coupling.cell("b2", "o2").residualPoints().value()).isCloseTo(-5, within(1e-9));
    }

    @Test
    void aCellThatOnlyLinksTwoBlocksHasNoResidual() {
        Coupling coupling = Coupling.of(
                table(single3(
                        new double[][] {{50, 60, 33, NAN}, {40, 30, NAN, NAN}, {NAN, NAN, 20, 30}, {NAN, NAN, 30, 20}
                        })),
                1_000);
        assertThat(coupling.cell("b0", "o2").residualPoints().isKnown()).isFalse();
        assertThat(coupling.cell("b2", "o2").residualPoints().isKnown()).isTrue();
    }

    private static void agrees(
            InteractionTest test, InteractionTest.Kind kind, double f, int first, int second, double p) {
        assertThat(test.kind()).isEqualTo(kind);
        assertThat(test.statistic()).isCloseTo(f, within(1e-9 * Math.max(1, f)));
        assertThat(test.numeratorFreedom()).isEqualTo(first);
        assertThat(test.denominatorFreedom()).isEqualTo(second);
        assertThat(test.pValue()).isCloseTo(p, within(1e-8 * p));
    }

    private static InteractionTest single(double[][] points) {
        return Coupling.of(table(single3(points)), 0).interaction();
    }

    private static InteractionTest seeds(double[][][] points) {
        return Coupling.of(table(points), 0).interaction();
    }

    private static double[][][] single3(double[][] points) {
        double[][][] seeds = new double[points.length][points[0].length][];
        for (int b = 0; b < points.length; b++) {
            for (int o = 0; o < points[b].length; o++) {
                seeds[b][o] = Double.isNaN(points[b][o]) ? new double[0] : new double[] {points[b][o]};
            }
        }
        return seeds;
    }

    private static double[][][] many() {
        double[][][] points = new double[7][9][];
        for (int i = 0; i < 7; i++) {
            for (int j = 0; j < 9; j++) {
                points[i][j] = new double[(3 * i + 5 * j) % 11 == 0 ? 0 : 1 + i * j % 3];
                for (int s = 0; s < points[i][j].length; s++) {
                    points[i][j][s] =
                            40 + 3 * i + 2 * j + 5 * Math.sin(1.7 * i * j) + 2 * Math.cos(12.9 * i + 7.1 * j + 3.3 * s);
                }
            }
        }
        return points;
    }

    /** A table of percentage points by backbone, optimizer and seed. */
    static Table table(double[][][] points) {
        List<Observation> runs = new ArrayList<>();
        for (int b = 0; b < points.length; b++) {
            for (int o = 0; o < points[b].length; o++) {
                for (int s = 0; s < points[b][o].length; s++) {
                    runs.add(new Observation("b" + b, "o" + o, 0, s, points[b][o][s] / 100, false, NAN));
                }
            }
        }
        return Table.of(List.of(), List.of(), runs, 0.1);
    }
}
