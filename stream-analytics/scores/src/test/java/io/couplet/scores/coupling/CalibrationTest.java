package io.couplet.scores.coupling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Test;

/**
 * Intervals cover what was planted, and tests reject nothing that is not there, at their stated rates. Bounds are binomial, one false alarm in a thousand on each
 * side if the rate were exact; seeds are fixed.
 */
class CalibrationTest {

    private static final int TABLES = 400;

    private final SplittableRandom random = new SplittableRandom(20261123);

    @Test
    void theTestWithSeedsRejectsAtItsLevelWithoutInteraction() {
        int rejected = 0;
        for (int t = 0; t < TABLES; t++) {
            rejected += Coupling.of(OracleTest.table(noisy(additive(4, 5, 4), 2, 1)), 0)
                                    .interaction()
                                    .pValue()
                            < 0.05
                    ? 1
                    : 0;
        }
        assertThat(rejected).isBetween(least(0.05), most(0.05));
    }

    @Test
    void tukeysTestRejectsAtItsLevelWithoutInteractionAndWithMissingCells() {
        int rejected = 0;
        for (int t = 0; t < TABLES; t++) {
            double[][][] runs = noisy(additive(5, 6, 4), 1, 1);
            runs[0][0] = new double[0];
            runs[3][2] = new double[0];
            InteractionTest test = Coupling.of(OracleTest.table(runs), 0).interaction();
            assertThat(test.denominatorFreedom()).isEqualTo(17);
            rejected += test.pValue() < 0.05 ? 1 : 0;
        }
        assertThat(rejected).isBetween(least(0.05), most(0.05));
    }

    @Test
    void tukeysTestFindsAPlantedProduct() {
        int rejected = 0;
        for (int t = 0; t < TABLES / 4; t++) {
            double[][] truth = new double[8][8];
            for (int b = 0; b < 8; b++) {
                for (int o = 0; o < 8; o++) {
                    truth[b][o] = 50 + 2 * b + 2 * o + 0.3 * (b - 3.5) * (o - 3.5);
                }
            }
            rejected += Coupling.of(OracleTest.table(noisy(truth, 1, 1)), 0)
                                    .interaction()
                                    .pValue()
                            < 0.001
                    ? 1
                    : 0;
        }
        assertThat(rejected).isGreaterThan(95);
    }

    @Test
    void shareIntervalsCoverTheSharesOfTheNoiselessTable() {
        int[] covered = new int[3];
        for (int t = 0; t < TABLES; t++) {
            double[][] truth = additive(6, 5, 2);
            for (double[] row : truth) {
                for (int o = 0; o < row.length; o++) {
                    row[o] += random.nextGaussian();
                }
            }
            VarianceShares planted =
                    Coupling.of(OracleTest.table(noisy(truth, 1, 0)), 0).shares();
            VarianceShares seen =
                    Coupling.of(OracleTest.table(noisy(truth, 3, 1.5)), 0).shares();
            assertThat(seen.intervals()).isEqualTo(VarianceShares.Intervals.WITHOUT_NOISE);
            covered[0] += covers(seen.backbone(), planted.backbone().value());
            covered[1] += covers(seen.optimizer(), planted.optimizer().value());
            covered[2] += covers(seen.interaction(), planted.interaction().value());
        }
        for (int each : covered) {
            assertThat(each).isBetween(least(0.95), most(0.95));
        }
    }

    /** One planted coupling in a table that is additive otherwise; small tables err on the side of too wide. */
    @Test
    void residualIntervalsCoverAPlantedCouplingAtLeastAtTheirRate() {
        for (int size : new int[] {4, 7, 10}) {
            int covered = 0;
            for (int t = 0; t < TABLES; t++) {
                double[][] truth = additive(size, size, 2);
                truth[1][2] += 5;
                Coupling seen = Coupling.of(OracleTest.table(noisy(truth, 3, 1)), 0);
                covered += covers(seen.cell("b1", "o2").residualPoints(), 5);
            }
            assertThat(covered).as("size %d", size).isGreaterThanOrEqualTo(least(0.95));
        }
    }

    /** Members differ within their families in what they do with the other kind's families, which is what the interval allows for. */
    @Test
    void familyContrastsCoverThePlantedOneAtLeastAtTheirRate() {
        Map<String, String> backbones = new HashMap<>();
        Map<String, String> optimizers = new HashMap<>();
        for (int b = 0; b < 12; b++) {
            backbones.put("b" + b, "B" + b % 3);
        }
        for (int o = 0; o < 16; o++) {
            optimizers.put("o" + o, "O" + o % 4);
        }
        CouplingSettings settings = CouplingSettings.DEFAULTS.withFamilies(new Families(backbones, optimizers));
        int covered = 0;
        int rejected = 0;
        for (int t = 0; t < TABLES; t++) {
            Coupling coupling = Coupling.of(OracleTest.table(noisy(withFamilies(), 1, 1)), settings);
            covered += covers(contrast(coupling, "O0", "B0").points(), 3 - 0.5 / 6);
            rejected += contrast(coupling, "O2", "B2").pValue() < 0.05 ? 1 : 0;
        }
        assertThat(covered).isGreaterThanOrEqualTo(least(0.95));
        assertThat(rejected).isLessThanOrEqualTo(most(0.05));
    }

    /** O0 does better by 3 on B0; O2 does worse by 0.5 on B2, so that its contrast there is 0: −0.5 + 3 · (−1/2)(−1/3). */
    private double[][] withFamilies() {
        double[][] truth = additive(12, 16, 3);
        double[][] ofOptimizers = new double[16][3];
        double[][] ofBackbones = new double[12][4];
        for (int o = 0; o < 16; o++) {
            for (int g = 0; g < 3; g++) {
                ofOptimizers[o][g] = 1.5 * random.nextGaussian();
            }
        }
        for (int b = 0; b < 12; b++) {
            for (int f = 0; f < 4; f++) {
                ofBackbones[b][f] = 1.5 * random.nextGaussian();
            }
        }
        for (int b = 0; b < 12; b++) {
            for (int o = 0; o < 16; o++) {
                truth[b][o] += ofOptimizers[o][b % 3] + ofBackbones[b][o % 4];
                truth[b][o] += b % 3 == 0 && o % 4 == 0 ? 3 : 0;
                truth[b][o] += b % 3 == 2 && o % 4 == 2 ? -0.5 : 0;
            }
        }
        return truth;
    }

    @Test
    void bestSetsHoldTheTrueBestAtLeastAtTheirRate() {
        int held = 0;
        for (int t = 0; t < TABLES; t++) {
            double[][] truth = new double[2][12];
            for (int o = 0; o < 12; o++) {
                truth[0][o] = 50 + (o == 7 ? 0.2 : 0);
                truth[1][o] = 60;
            }
            Coupling coupling = Coupling.of(OracleTest.table(noisy(truth, 2, 1)), 0);
            held += coupling.cell("b0", "o7").indistinguishableFromBest() ? 1 : 0;
        }
        assertThat(held).isGreaterThanOrEqualTo(least(0.95));
    }

    private static FamilyContrast contrast(Coupling coupling, String optimizers, String backbones) {
        return coupling.contrasts().stream()
                .filter(c -> c.optimizerFamily().equals(optimizers)
                        && c.backboneFamily().equals(backbones))
                .findFirst()
                .orElseThrow();
    }

    private static int covers(Estimate estimate, double planted) {
        return estimate.low() <= planted && planted <= estimate.high() ? 1 : 0;
    }

    private double[][] additive(int rows, int columns, double spread) {
        double[] ofColumns = new double[columns];
        for (int o = 0; o < columns; o++) {
            ofColumns[o] = spread * random.nextGaussian();
        }
        double[][] truth = new double[rows][columns];
        for (double[] row : truth) {
            double level = 50 + spread * random.nextGaussian();
            for (int o = 0; o < columns; o++) {
                row[o] = level + ofColumns[o];
            }
        }
        return truth;
    }

    private double[][][] noisy(double[][] truth, int seeds, double deviation) {
        double[][][] runs = new double[truth.length][truth[0].length][seeds];
        for (int b = 0; b < truth.length; b++) {
            for (int o = 0; o < truth[b].length; o++) {
                for (int s = 0; s < seeds; s++) {
                    runs[b][o][s] = truth[b][o] + deviation * random.nextGaussian();
                }
            }
        }
        return runs;
    }

    private static int least(double rate) {
        return BinomialDistribution.of(TABLES, rate).inverseCumulativeProbability(0.001);
    }

    private static int most(double rate) {
        return BinomialDistribution.of(TABLES, rate).inverseCumulativeProbability(0.999);
    }
}
