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
        Map<String, Double> printed = new HashMap<>();
        SharedData.csv("data/bocb-paper/table4_optimizer_rankings.csv").stream()
                .skip(1)
                .forEach(row -> printed.put(row[0], Double.parseDouble(row[2])));
        double[] ours = coupling.optimizers().stream()
                .mapToDouble(Coupling.OptimizerCoupling::accuracyRank)
                .toArray();
        double[] theirs = coupling.optimizers().stream()
                .mapToDouble(o -> printed.getOrDefault(o.name(), Double.NaN))
                .toArray();
        double squares = 0;
        for (int i = 0; i < ours.length; i++) {
            squares += (ours[i] - theirs[i]) * (ours[i] - theirs[i]);
        }
        double spearman = 1 - 6 * squares / (20.0 * (400 - 1));
        assertThat(spearman).isGreaterThanOrEqualTo(0.96);
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
        double[][] values = table.accuracies();
        String best = "";
        double least = Double.POSITIVE_INFINITY;
        for (int o = 0; o < 20; o++) {
            double worst = 0;
            for (double[] row : values) {
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
