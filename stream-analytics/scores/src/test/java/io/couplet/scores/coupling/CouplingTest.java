package io.couplet.scores.coupling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CouplingTest {

    private static final double CHANCE = 0.1;

    @Test
    void anEmptyGridHasTooFewCellsAndNoAdvice() {
        Coupling coupling = Coupling.of(Table.of(List.of("vgg"), List.of("sgd"), List.of(), CHANCE), 1_000);
        assertThat(coupling.tooFew()).isEqualTo("residuals need 2 backbones and 2 optimizers, 0 and 0 report");
        assertThat(coupling.cellsReporting()).isZero();
        assertThat(coupling.cellsExpected()).isEqualTo(1);
        assertThat(coupling.overallPoints()).isNaN();
        assertThat(coupling.advice().best()).isEmpty();
        assertThat(coupling.advice().minimax()).isEmpty();
        assertThat(coupling.advice().pareto()).isEmpty();
    }

    @Test
    void aTableWithoutRowsOrColumnsIsTooFewToo() {
        Coupling coupling = Coupling.of(Table.of(List.of(), List.of(), List.of(), CHANCE), 0);
        assertThat(coupling.isKnown()).isFalse();
        assertThat(coupling.cells()).isEmpty();
    }

    @Test
    void oneCellIsItsBackbonesBestAndHasNoResidual() {
        Coupling coupling = Coupling.of(grid(new double[][] {{0.5}}), 1_000);
        assertThat(coupling.isKnown()).isFalse();
        assertThat(coupling.cell("b0", "o0").residualPoints().isKnown()).isFalse();
        assertThat(coupling.advice().best()).containsEntry("b0", List.of("o0"));
        assertThat(coupling.advice().minimax())
                .get()
                .extracting(Advice.Minimax::regretPoints)
                .isEqualTo(0.0);
        assertThat(coupling.cell("b0", "o0").failed()).isFalse();
    }

    @Test
    void threeCellsOfTwoByTwoLeaveNoDegreeOfFreedom() {
        Coupling coupling = Coupling.of(grid(new double[][] {{0.5, 0.6}, {0.4, Double.NaN}}), 1_000);
        assertThat(coupling.tooFew())
                .isEqualTo("residuals of 2 backbones and 2 optimizers need at least 4 cells, 3 report");
        assertThat(coupling.shares().interaction().isKnown()).isFalse();
        assertThat(coupling.advice().minimax())
                .get()
                .extracting(Advice.Minimax::optimizer)
                .isEqualTo("o0");
    }

    @Test
    void twoByTwoHasItsInteractionInEveryResidual() {
        Coupling coupling = Coupling.of(grid(new double[][] {{0.50, 0.60}, {0.40, 0.30}}), 0);
        assertThat(coupling.overallPoints()).isCloseTo(45, within(1e-9));
        assertThat(coupling.cell("b0", "o0").residualPoints().value()).isCloseTo(-5, within(1e-9));
        assertThat(coupling.cell("b0", "o1").residualPoints().value()).isCloseTo(5, within(1e-9));
        assertThat(coupling.shares().backbone().value()).isCloseTo(0.8, within(1e-12));
        assertThat(coupling.shares().optimizer().value()).isCloseTo(0, within(1e-12));
        assertThat(coupling.shares().interaction().value()).isCloseTo(0.2, within(1e-12));
        assertThat(coupling.uncertainty().basis()).isEqualTo(Uncertainty.Basis.NONE);
        assertThat(coupling.cell("b0", "o0").residualPoints().hasInterval()).isFalse();
    }

    @Test
    void missingCellsGiveTheLeastSquaresSums() {
        // Recorded from numpy.linalg.lstsq on dummy variables, sums of type II.
        double nan = Double.NaN;
        Coupling coupling = Coupling.of(
                grid(new double[][] {{0.50, 0.62, nan, 0.41}, {0.40, nan, 0.35, 0.33}, {0.71, 0.65, 0.52, 0.60}}), 0);
        assertThat(coupling.shares().backbone().value()).isCloseTo(ORACLE_BACKBONE, within(1e-9));
        assertThat(coupling.shares().optimizer().value()).isCloseTo(ORACLE_OPTIMIZER, within(1e-9));
        assertThat(coupling.shares().interaction().value()).isCloseTo(ORACLE_INTERACTION, within(1e-9));
        assertThat(coupling.cellsReporting()).isEqualTo(10);
        assertThat(coupling.cellsExpected()).isEqualTo(12);
    }

    @Test
    void aDivergedRunCountsAsChanceLevelAndIsFlagged() {
        List<Observation> runs = new ArrayList<>(observations(new double[][] {{0.5, 0.6}, {0.4, 0.3}}));
        runs.set(3, new Observation("b1", "o1", 0, 1, Double.NaN, true, 7));
        Coupling coupling = Coupling.of(Table.of(List.of(), List.of(), runs, CHANCE), 1_000);
        Cell cell = coupling.cell("b1", "o1").cell();
        assertThat(cell.accuracy()).isEqualTo(CHANCE);
        assertThat(cell.diverged()).isTrue();
        assertThat(coupling.cellsReporting()).isEqualTo(4);
        assertThat(coupling.advice().pareto())
                .noneMatch(p -> p.backbone().equals("b1") && p.optimizer().equals("o1"));
    }

    /** Three seeds at 0.4 ± 0.1 have a variance of 0.01 each; the cell that diverged is three times chance level and must not halve it. */
    @Test
    void aCellOfWhichEverySeedDivergedSaysNothingOfHowMuchSeedsDiffer() {
        List<Observation> runs = new ArrayList<>();
        for (int seed = 0; seed < 3; seed++) {
            runs.add(new Observation("b", "trains", 0, seed, 0.3 + 0.1 * seed, false, 1));
            runs.add(new Observation("b", "diverges", 0, seed, Double.NaN, true, 1));
        }
        Table table = Table.of(List.of("b"), List.of("trains", "diverges"), runs, CHANCE);
        Uncertainty uncertainty = Uncertainty.of(table, 0);
        assertThat(uncertainty.seedVariance()).isCloseTo(0.01, within(1e-12));
        assertThat(uncertainty.freedom()).isEqualTo(2);
        Table allDiverged = Table.of(List.of("b"), List.of("diverges"), runs.subList(1, 2), CHANCE);
        assertThat(Uncertainty.of(allDiverged, 1_000).basis()).isEqualTo(Uncertainty.Basis.VALIDATION_SAMPLING);
    }

    @Test
    void aCellTakesItsBestPointAveragedOverSeeds() {
        Table table = Table.of(
                List.of("b"),
                List.of("o"),
                List.of(
                        new Observation("b", "o", 0, 1, 0.9, false, 1),
                        new Observation("b", "o", 0, 2, 0.1, false, 1),
                        new Observation("b", "o", 1, 1, 0.6, false, 2),
                        new Observation("b", "o", 1, 2, 0.7, false, 4)),
                CHANCE);
        Cell cell = table.cell("b", "o").orElseThrow();
        assertThat(cell.point()).isEqualTo(1);
        assertThat(cell.accuracy()).isCloseTo(0.65, within(1e-12));
        assertThat(cell.standardError()).isCloseTo(0.05, within(1e-12));
        assertThat(cell.runs()).isEqualTo(4);
        assertThat(cell.deviceSeconds()).isEqualTo(3);
    }

    @Test
    void withOneSeedTheBestSetIsTheBinomialErrorOfTheDifferenceWide() {
        // Standard error of a difference at p near 0.5 with 1,000 images each is 0.0224: 1.96 of them are 0.0438.
        Coupling coupling = Coupling.of(grid(new double[][] {{0.50, 0.46, 0.45}, {0.50, 0.46, 0.45}}), 1_000);
        assertThat(coupling.uncertainty().basis()).isEqualTo(Uncertainty.Basis.VALIDATION_SAMPLING);
        assertThat(coupling.advice().best()).containsEntry("b0", List.of("o0", "o1"));
        assertThat(coupling.cell("b0", "o1").indistinguishableFromBest()).isTrue();
        assertThat(coupling.cell("b0", "o2").indistinguishableFromBest()).isFalse();
    }

    @Test
    void withSeedsTheirPooledVarianceWidensTheBestSet() {
        List<Observation> runs = new ArrayList<>();
        double[][] seeds = {{0.60, 0.50}, {0.52, 0.42}};
        for (int o = 0; o < 2; o++) {
            for (int s = 0; s < 2; s++) {
                runs.add(new Observation("b", "o" + o, 0, s, seeds[o][s], false, 1));
            }
        }
        Coupling coupling = Coupling.of(Table.of(List.of("b"), List.of(), runs, CHANCE), 0);
        // Pooled sample variance 0.005 with 2 degrees of freedom; t 4.303, standard error of the difference 0.0707.
        assertThat(coupling.uncertainty().seedVariance()).isCloseTo(0.005, within(1e-12));
        assertThat(coupling.uncertainty().freedom()).isEqualTo(2);
        assertThat(coupling.advice().best()).containsEntry("b", List.of("o0", "o1"));
    }

    @Test
    void paretoFrontKeepsWhatNoOtherBeats() {
        Coupling coupling = Coupling.of(
                Table.of(
                        List.of(),
                        List.of(),
                        List.of(
                                new Observation("b0", "o0", 0, 1, 0.5, false, 10),
                                new Observation("b0", "o1", 0, 1, 0.4, false, 20),
                                new Observation("b1", "o0", 0, 1, 0.7, false, 30),
                                new Observation("b1", "o1", 0, 1, 0.7, false, 40)),
                        CHANCE),
                100);
        assertThat(coupling.advice().pareto())
                .containsExactly(
                        new Advice.ParetoPoint("b0", "o0", 0.5, 10), new Advice.ParetoPoint("b1", "o0", 0.7, 30));
        assertThat(coupling.optimizers())
                .extracting(Coupling.OptimizerCoupling::costRank)
                .containsExactly(1.0, 2.0);
    }

    @Test
    void residualIntervalsCoverThePlantedCouplingAtTheirRate() {
        SplittableRandom random = new SplittableRandom(42);
        int covered = 0;
        int total = 400;
        for (int trial = 0; trial < total; trial++) {
            double[][] accuracy = new double[7][7];
            for (int b = 0; b < 7; b++) {
                for (int o = 0; o < 7; o++) {
                    double p = 0.4 + 0.03 * b + 0.02 * o + (b == 3 && o == 3 ? 0.05 : 0);
                    accuracy[b][o] = p + normal(random) * Math.sqrt(p * (1 - p) / 2_000);
                }
            }
            Estimate residual =
                    Coupling.of(grid(accuracy), 2_000).cell("b3", "o3").residualPoints();
            covered += residual.low() <= 5 && 5 <= residual.high() ? 1 : 0;
        }
        assertThat(covered / (double) total).isBetween(0.88, 0.99);
    }

    @Test
    void withoutAnyEffectTheInteractionIsItsNoise() {
        SplittableRandom random = new SplittableRandom(7);
        double interaction = 0;
        double noise = 0;
        for (int trial = 0; trial < 200; trial++) {
            double[][] accuracy = new double[5][5];
            for (double[] row : accuracy) {
                for (int o = 0; o < 5; o++) {
                    row[o] = 0.5 + normal(random) * Math.sqrt(0.25 / 1_000);
                }
            }
            VarianceShares shares = Coupling.of(grid(accuracy), 1_000).shares();
            interaction += shares.interaction().value() / 200;
            noise += Math.min(1, shares.noise()) / 200;
        }
        // Of 24 degrees of freedom the interaction has 16.
        assertThat(interaction).isCloseTo(16 / 24.0, within(0.03));
        assertThat(noise).isBetween(0.5, interaction + 0.01);
    }

    @Test
    void anAccuracyThatIsNoFractionIsRefused() {
        assertThatThrownBy(() -> new Observation("b", "o", 0, 1, 45.3, false, 1))
                .hasMessage("accuracy must be a fraction in [0, 1], was 45.3");
    }

    private static final double ORACLE_BACKBONE = 0.671909794634336;
    private static final double ORACLE_OPTIMIZER = 0.23222933088261286;
    private static final double ORACLE_INTERACTION = 0.09586087448305122;

    private static double normal(SplittableRandom random) {
        double sum = -6;
        for (int i = 0; i < 12; i++) {
            sum += random.nextDouble();
        }
        return sum;
    }

    static Table grid(double[][] accuracies) {
        List<String> backbones = new ArrayList<>();
        List<String> optimizers = new ArrayList<>();
        for (int b = 0; b < accuracies.length; b++) {
            backbones.add("b" + b);
        }
        for (int o = 0; o < accuracies[0].length; o++) {
            optimizers.add("o" + o);
        }
        return Table.of(backbones, optimizers, observations(accuracies), CHANCE);
    }

    static List<Observation> observations(double[][] accuracies) {
        List<Observation> runs = new ArrayList<>();
        for (int b = 0; b < accuracies.length; b++) {
            for (int o = 0; o < accuracies[b].length; o++) {
                if (!Double.isNaN(accuracies[b][o])) {
                    runs.add(new Observation("b" + b, "o" + o, 0, 1, accuracies[b][o], false, 1 + b + o));
                }
            }
        }
        return runs;
    }
}
