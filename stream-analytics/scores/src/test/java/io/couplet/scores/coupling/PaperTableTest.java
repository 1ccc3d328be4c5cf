package io.couplet.scores.coupling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.couplet.scores.SharedData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Table 1 of arXiv:2410.06373: 20 backbones × 20 optimizers on CIFAR-100. */
class PaperTableTest {

    private static final double TUKEY_F = 0.03088200993932551;
    private static final double TUKEY_P = 0.860602686336423;

    private static Table table;
    private static Coupling coupling;

    @BeforeAll
    static void read() {
        List<String[]> rows = SharedData.csv("data/bocb-paper/table1_cifar100_top1.csv");
        List<String> backbones = List.of(rows.get(0)).subList(2, 22);
        List<String> optimizers = new ArrayList<>();
        List<Observation> cells = new ArrayList<>();
        for (String[] row : rows.subList(1, rows.size())) {
            optimizers.add(row[0]);
            for (int b = 0; b < backbones.size(); b++) {
                double accuracy = Double.parseDouble(row[b + 2]) / 100;
                cells.add(new Observation(backbones.get(b), row[0], 0, 1, accuracy, false, Double.NaN));
            }
        }
        table = Table.of(backbones, optimizers, cells, 0.01);
        coupling = Coupling.of(table, 10_000);
    }

    @Test
    void varianceSharesAreThoseOfTheDesign() {
        assertThat(coupling.shares().backbone().value()).isCloseTo(0.386, within(5e-4));
        assertThat(coupling.shares().optimizer().value()).isCloseTo(0.216, within(5e-4));
        assertThat(coupling.shares().interaction().value()).isCloseTo(0.397, within(5e-4));
        assertThat(coupling.shares().cells()).isEqualTo(400);
    }

    @Test
    void mostCoupledBackbonesAreConvNextUniRepLkNetAndMogaNet() {
        List<Coupling.BackboneCoupling> ranked = coupling.backbones().stream()
                .sorted(Comparator.comparingDouble(Coupling.BackboneCoupling::couplingPoints)
                        .reversed())
                .toList();
        assertThat(ranked).extracting(Coupling.BackboneCoupling::name).startsWith("CNX-T", "URLK-T", "Moga-S");
        assertThat(ranked).extracting(Coupling.BackboneCoupling::name).endsWith("CF-12");
        assertThat(ranked.get(0).couplingPoints()).isCloseTo(4.49, within(0.005));
        assertThat(ranked.get(1).couplingPoints()).isCloseTo(4.23, within(0.005));
        assertThat(ranked.get(2).couplingPoints()).isCloseTo(4.19, within(0.005));
        assertThat(ranked.get(19).couplingPoints()).isCloseTo(0.50, within(0.005));
    }

    @Test
    void mostGeneralOptimizersAreRAdamAndAdamAndLeastAdaGradAndLars() {
        List<Coupling.OptimizerCoupling> ranked = coupling.optimizers().stream()
                .sorted(Comparator.comparingDouble(Coupling.OptimizerCoupling::couplingPoints))
                .toList();
        assertThat(ranked).extracting(Coupling.OptimizerCoupling::name).startsWith("RAdam", "Adam");
        assertThat(ranked).extracting(Coupling.OptimizerCoupling::name).endsWith("LARS", "AdaGrad");
        assertThat(ranked.get(0).couplingPoints()).isCloseTo(0.45, within(0.005));
        assertThat(ranked.get(18).couplingPoints()).isCloseTo(6.54, within(0.005));
        assertThat(ranked.get(19).couplingPoints()).isCloseTo(12.79, within(0.005));
    }

    @Test
    void printedRowsFollowTheFittedRuleInAllColumnsButThoseThatThePaperHasOtherwise() {
        List<String[]> printed = SharedData.csv("data/bocb-paper/table1_printed_summary.csv");
        int means = 0;
        int deviations = 0;
        int ranges = 0;
        for (int b = 0; b < 20; b++) {
            PaperStatistics statistics = coupling.backbones().get(b).statistics();
            means += agrees(statistics.printedMean(), printed.get(1)[b + 1], 0.0051) ? 1 : 0;
            deviations += agrees(statistics.printedStd(), printed.get(2)[b + 1], 0.051) ? 1 : 0;
            ranges += agrees(Math.rint(statistics.printedRange()), printed.get(3)[b + 1], 0) ? 1 : 0;
        }
        assertThat(List.of(means, deviations, ranges)).containsExactly(19, 18, 18);
    }

    @Test
    void theRuleOfTheTextAgreesWithNoPrintedMean() {
        List<String[]> printed = SharedData.csv("data/bocb-paper/table1_printed_summary.csv");
        for (int b = 0; b < 20; b++) {
            assertThat(agrees(coupling.backbones().get(b).statistics().mean(), printed.get(1)[b + 1], 0.0051))
                    .isFalse();
        }
        assertThat(coupling.backbones().get(0).statistics().mean()).isCloseTo(64.0321, within(1e-4));
        assertThat(coupling.backbones().get(0).statistics().std()).isCloseTo(2.4050, within(1e-4));
    }

    /** Recorded from numpy's quantile (linear) and equation 1 on the same table. */
    @Test
    void failuresPerBackboneAreThoseOfEquationOne() {
        assertThat(coupling.backbones())
                .extracting(Coupling.BackboneCoupling::failures)
                .containsExactly(11, 16, 13, 9, 11, 10, 16, 16, 10, 18, 8, 13, 7, 13, 15, 18, 17, 8, 10, 19);
    }

    @Test
    void accuracyRanksFollowTheRanksOfTableFour() {
        double[] ours = coupling.optimizers().stream()
                .mapToDouble(Coupling.OptimizerCoupling::accuracyRank)
                .toArray();
        assertThat(spearman(ours, printed(2))).isGreaterThanOrEqualTo(0.96);
    }

    /** Performance and coupling are ours, robustness and computation the paper's, as printed. */
    @Test
    void overallRanksFollowTheRanksOfTableFour() {
        CouplingSettings settings = CouplingSettings.DEFAULTS
                .withRobustnessRanks(byOptimizer(printed(3)))
                .withCostRanks(byOptimizer(printed(5)));
        List<Coupling.OptimizerCoupling> ranked = Coupling.of(table, settings).optimizers();
        double[] ours = ranked.stream()
                .mapToDouble(Coupling.OptimizerCoupling::overallRank)
                .toArray();
        assertThat(spearman(ours, printed(6))).isGreaterThanOrEqualTo(0.98);
        assertThat(ranked.stream()
                        .sorted(Comparator.comparingDouble(Coupling.OptimizerCoupling::overallRank))
                        .map(Coupling.OptimizerCoupling::name))
                .startsWith("LAMB", "AdamW")
                .endsWith("AdaGrad", "LARS");
    }

    /** Recorded from numpy and scipy: the squared fitted values as covariate beside dummy variables, stats.f.sf. */
    @Test
    void tukeysTestSeesNoneOfTheCouplingBecauseItIsNoProductOfEffects() {
        InteractionTest test = coupling.interaction();
        assertThat(test.kind()).isEqualTo(InteractionTest.Kind.TUKEY);
        assertThat(test.statistic()).isCloseTo(TUKEY_F, within(1e-6 * TUKEY_F));
        assertThat(test.denominatorFreedom()).isEqualTo(360);
        assertThat(test.pValue()).isCloseTo(TUKEY_P, within(1e-6 * TUKEY_P));
    }

    /** Recorded from numpy, 20,000 draws of rows and columns; ends of 400 draws differ from it with a standard deviation of up to 0.016. */
    @Test
    void withoutErrorsTheSharesHaveTheIntervalOfOtherGrids() {
        VarianceShares shares = Coupling.of(table, 0).shares();
        assertThat(shares.intervals()).isEqualTo(VarianceShares.Intervals.OTHER_GRID);
        assertThat(shares.backbone().low()).isCloseTo(0.143, within(0.045));
        assertThat(shares.backbone().high()).isCloseTo(0.898, within(0.045));
        assertThat(shares.optimizer().low()).isCloseTo(0.020, within(0.010));
        assertThat(shares.optimizer().high()).isCloseTo(0.440, within(0.065));
        assertThat(shares.interaction().low()).isCloseTo(0.075, within(0.040));
        assertThat(shares.interaction().high()).isCloseTo(0.598, within(0.045));
        assertThat(coupling.shares().intervals()).isEqualTo(VarianceShares.Intervals.WITHOUT_NOISE);
    }

    @Test
    void theSameTableGivesTheSameIntervalsToTheLastBit() {
        assertThat(Coupling.of(table, 0).shares())
                .isEqualTo(Coupling.of(table, 0).shares());
        assertThat(Coupling.of(table, 10_000)).isEqualTo(coupling);
    }

    private static double[] printed(int column) {
        Map<String, Double> printed = new HashMap<>();
        SharedData.csv("data/bocb-paper/table4_optimizer_rankings.csv").stream()
                .skip(1)
                .forEach(row -> printed.put(row[0], Double.parseDouble(row[column])));
        return table.optimizers().stream()
                .mapToDouble(o -> printed.getOrDefault(o, Double.NaN))
                .toArray();
    }

    private static Map<String, Double> byOptimizer(double[] ranks) {
        Map<String, Double> by = new HashMap<>();
        for (int o = 0; o < ranks.length; o++) {
            by.put(table.optimizers().get(o), ranks[o]);
        }
        return by;
    }

    /** Pearson's correlation of the ranks, ties at their mean rank. */
    private static double spearman(double[] one, double[] other) {
        double[] x = Ranks.ascending(one);
        double[] y = Ranks.ascending(other);
        double middle = (x.length + 1) / 2.0;
        double cross = 0;
        for (int i = 0; i < x.length; i++) {
            cross += (x[i] - middle) * (y[i] - middle);
        }
        return cross / Math.sqrt(Means.deviations(x) * Means.deviations(y));
    }

    @Test
    void adviceNamesAnOptimizerThatReportsOnAllBackbones() {
        assertThat(coupling.advice().minimax()).get().satisfies(m -> {
            assertThat(m.backbones()).isEqualTo(20);
            assertThat(m.optimizersCompared()).isEqualTo(20);
            assertThat(m.optimizer()).isEqualTo(leastWorstRegret());
        });
        assertThat(coupling.advice().best().get("CNX-T")).startsWith("Adan").doesNotContain("SGD-M");
    }

    private static String leastWorstRegret() {
        String best = "";
        double least = Double.POSITIVE_INFINITY;
        for (int o = 0; o < 20; o++) {
            double worst = 0;
            for (String backbone : table.backbones()) {
                double[] row = table.optimizers().stream()
                        .mapToDouble(
                                each -> table.cell(backbone, each).orElseThrow().accuracy())
                        .toArray();
                worst = Math.max(worst, Arrays.stream(row).max().orElseThrow() - row[o]);
            }
            if (worst < least) {
                least = worst;
                best = table.optimizers().get(o);
            }
        }
        return best;
    }

    private static boolean agrees(double ours, String printed, double tolerance) {
        return Math.abs(ours - Double.parseDouble(printed)) <= tolerance;
    }
}
