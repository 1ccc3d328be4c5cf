package io.couplet.scores.coupling;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What to take.
 *
 * <p>A backbone's set holds its best optimizer with at least 95 % probability: multiple comparisons with the best (Hsu 1981, Annals of Statistics 9), one-sided, by
 * Bonferroni over the other optimizers, with the standard error of the difference of two independent cells. The cells share their
 * validation images, which makes the real error smaller and the set too large rather than too small. On no basis
 * ({@link Uncertainty.Basis#NONE}) the set holds the best and those that are equal to it.
 *
 * @param best for each backbone that reports the optimizers that cannot be told apart from its best, best first
 * @param minimax the optimizer with the least worst-case regret; empty while none reports on all backbones chosen
 * @param pareto the pairings that no other beats in both accuracy and device seconds, cheapest first; pairings of unknown cost are left out
 */
public record Advice(Map<String, List<String>> best, Optional<Minimax> minimax, List<ParetoPoint> pareto) {

    private static final double MISSED = 0.05;

    /**
     * One optimizer for all chosen backbones (Savage 1951's minimax regret).
     *
     * @param optimizer the optimizer; of several with the same worst regret the one with the least mean regret
     * @param regret what it gives away at most, percentage points, with the 95 % interval of that difference
     * @param meanRegretPoints what it gives away on average, percentage points
     * @param onBackbone where it gives away most
     * @param backbones over how many backbones
     * @param optimizersCompared how many optimizers report on all of them
     */
    public record Minimax(
            String optimizer,
            Estimate regret,
            double meanRegretPoints,
            String onBackbone,
            int backbones,
            int optimizersCompared) {

        /** What it gives away at most, percentage points. */
        public double regretPoints() {
            return regret.value();
        }
    }

    /** A pairing that no other beats in both accuracy (a fraction) and device seconds. */
    public record ParetoPoint(String backbone, String optimizer, double accuracy, double deviceSeconds) {}

    /**
     * Advice from a table.
     *
     * @param points accuracies in percentage points of shape (backbones, optimizers), NaN where missing
     * @param variances their error variances, NaN when unknown
     * @param regrets what each cell gives away to its backbone's best, percentage points
     */
    static Advice of(
            Table table,
            double[][] points,
            double[][] variances,
            double[][] regrets,
            Uncertainty uncertainty,
            List<String> chosen) {
        Map<String, List<String>> sets = new LinkedHashMap<>();
        for (int b = 0; b < points.length; b++) {
            if (Means.count(points[b]) > 0) {
                sets.put(
                        table.backbones().get(b),
                        bestSet(table.optimizers(), points[b], variances[b], regrets[b], uncertainty));
            }
        }
        return new Advice(
                Collections.unmodifiableMap(sets),
                minimax(table, points, variances, regrets, uncertainty, chosen),
                pareto(table));
    }

    private static List<String> bestSet(
            List<String> optimizers, double[] points, double[] variances, double[] regrets, Uncertainty uncertainty) {
        List<Integer> ranked = IntStream.range(0, points.length)
                .filter(o -> !Double.isNaN(points[o]))
                .boxed()
                .sorted(Comparator.comparingDouble((Integer o) -> -points[o]).thenComparing(optimizers::get))
                .toList();
        int others = Math.max(1, ranked.size() - 1);
        double quantile = uncertainty.quantile(1 - MISSED / others);
        int best = ranked.get(0);
        return ranked.stream()
                .filter(o -> regrets[o] <= 0 || regrets[o] <= quantile * Math.sqrt(variances[best] + variances[o]))
                .map(optimizers::get)
                .toList();
    }

    private static Optional<Minimax> minimax(
            Table table,
            double[][] points,
            double[][] variances,
            double[][] regrets,
            Uncertainty uncertainty,
            List<String> chosen) {
        int[] rows = IntStream.range(0, points.length)
                .filter(b -> chosen.isEmpty()
                        ? Means.count(points[b]) > 0
                        : chosen.contains(table.backbones().get(b)))
                .toArray();
        List<Minimax> candidates = new ArrayList<>();
        for (int o = 0; o < table.optimizers().size() && rows.length > 0; o++) {
            double sum = 0;
            int worst = rows[0];
            for (int b : rows) {
                sum += regrets[b][o];
                worst = regrets[b][o] > regrets[worst][o] ? b : worst;
            }
            if (!Double.isNaN(sum)) {
                double error = Math.sqrt(variances[worst][o] + variances[worst][highest(points[worst])]);
                candidates.add(new Minimax(
                        table.optimizers().get(o),
                        Estimate.around(regrets[worst][o], uncertainty.quantile() * error)
                                .within(0, Double.POSITIVE_INFINITY),
                        sum / rows.length,
                        table.backbones().get(worst),
                        rows.length,
                        0));
            }
        }
        return candidates.stream()
                .min(Comparator.comparingDouble(Minimax::regretPoints)
                        .thenComparingDouble(Minimax::meanRegretPoints)
                        .thenComparing(Minimax::optimizer))
                .map(c -> new Minimax(
                        c.optimizer(),
                        c.regret(),
                        c.meanRegretPoints(),
                        c.onBackbone(),
                        c.backbones(),
                        candidates.size()));
    }

    private static int highest(double[] values) {
        int highest = -1;
        for (int i = 0; i < values.length; i++) {
            if (!Double.isNaN(values[i]) && (highest < 0 || values[i] > values[highest])) {
                highest = i;
            }
        }
        return highest;
    }

    /** What each cell gives away to its row's highest; NaN where missing. */
    static double[][] regrets(double[][] points) {
        double[][] regrets = new double[points.length][];
        for (int b = 0; b < points.length; b++) {
            regrets[b] = points[b].clone();
            int best = highest(points[b]);
            for (int o = 0; o < points[b].length; o++) {
                regrets[b][o] = best < 0 ? Double.NaN : points[b][best] - points[b][o];
            }
        }
        return regrets;
    }

    private static List<ParetoPoint> pareto(Table table) {
        List<ParetoPoint> points = new ArrayList<>();
        table.cells().forEach((pairing, cell) -> {
            if (!Double.isNaN(cell.deviceSeconds()) && !cell.diverged()) {
                points.add(new ParetoPoint(
                        pairing.backbone(), pairing.optimizer(), cell.accuracy(), cell.deviceSeconds()));
            }
        });
        points.sort(Comparator.comparingDouble(ParetoPoint::deviceSeconds)
                .thenComparing(Comparator.comparingDouble(ParetoPoint::accuracy).reversed())
                .thenComparing(ParetoPoint::backbone)
                .thenComparing(ParetoPoint::optimizer));
        List<ParetoPoint> front = new ArrayList<>();
        for (ParetoPoint point : points) {
            if (front.isEmpty()
                    || point.accuracy() > front.get(front.size() - 1).accuracy()) {
                front.add(point);
            }
        }
        return List.copyOf(front);
    }
}
