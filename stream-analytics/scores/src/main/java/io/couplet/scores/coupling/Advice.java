package io.couplet.scores.coupling;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What to take.
 *
 * <p>An optimizer is told apart from its backbone's best when their difference exceeds the 95 % quantile times the standard error of the
 * difference of two independent cells. The cells share their validation images, which makes the real error smaller, and comparisons are
 * not corrected for their number: the set is a little too large rather than too small for the first reason, and the reverse for the second. On no basis
 * ({@link Uncertainty.Basis#NONE}) the set holds the best alone.
 *
 * @param best for each backbone that reports the optimizers that cannot be told apart from its best, best first
 * @param minimax the optimizer with the least worst-case regret; empty while none reports on all backbones that report
 * @param pareto the pairings that no other beats in both accuracy and device seconds, cheapest first; pairings of unknown cost are left out
 */
public record Advice(Map<String, List<String>> best, Optional<Minimax> minimax, List<ParetoPoint> pareto) {

    /**
     * One optimizer for all backbones (Savage 1951's minimax regret).
     *
     * @param optimizer the optimizer; of several with the same worst regret the one with the least mean regret
     * @param regretPoints what it gives away at most, percentage points
     * @param onBackbone where it does
     * @param backbones over how many backbones
     * @param optimizersCompared how many optimizers report on all of them
     */
    public record Minimax(
            String optimizer, double regretPoints, String onBackbone, int backbones, int optimizersCompared) {}

    /** A pairing that no other beats in both accuracy (a fraction) and device seconds. */
    public record ParetoPoint(String backbone, String optimizer, double accuracy, double deviceSeconds) {}

    static Advice of(Table table, Uncertainty uncertainty) {
        return new Advice(bestSets(table, uncertainty), minimax(table), pareto(table));
    }

    private static Map<String, List<String>> bestSets(Table table, Uncertainty uncertainty) {
        Map<String, List<String>> sets = new TreeMap<>(Comparator.comparingInt(table.backbones()::indexOf));
        for (String backbone : table.backbones()) {
            List<String> ranked = table.optimizers().stream()
                    .filter(o -> table.cell(backbone, o).isPresent())
                    .sorted(Comparator.comparingDouble((String o) -> -accuracy(table, backbone, o))
                            .thenComparing(Comparator.naturalOrder()))
                    .toList();
            if (!ranked.isEmpty()) {
                Cell best = table.cell(backbone, ranked.get(0)).orElseThrow();
                sets.put(
                        backbone,
                        ranked.stream()
                                .filter(o -> o.equals(ranked.get(0))
                                        || alike(best, table.cell(backbone, o).orElseThrow(), uncertainty))
                                .toList());
            }
        }
        return java.util.Collections.unmodifiableMap(sets);
    }

    private static boolean alike(Cell best, Cell other, Uncertainty uncertainty) {
        double difference = best.accuracy() - other.accuracy();
        double variance = uncertainty.variance(best.accuracy(), best.seeds())
                + uncertainty.variance(other.accuracy(), other.seeds());
        return difference <= uncertainty.quantile() * Math.sqrt(variance);
    }

    private static Optional<Minimax> minimax(Table table) {
        List<String> backbones = reporting(table);
        List<Minimax> candidates = new ArrayList<>();
        List<Double> means = new ArrayList<>();
        for (String optimizer : table.optimizers()) {
            if (!backbones.isEmpty()
                    && backbones.stream().allMatch(b -> table.cell(b, optimizer).isPresent())) {
                double worst = -1;
                double sum = 0;
                String where = backbones.get(0);
                for (String backbone : backbones) {
                    double regret = regretPoints(table, backbone, optimizer);
                    sum += regret;
                    where = regret > worst ? backbone : where;
                    worst = Math.max(worst, regret);
                }
                candidates.add(new Minimax(optimizer, worst, where, backbones.size(), 0));
                means.add(sum / backbones.size());
            }
        }
        int count = candidates.size();
        return candidates.stream()
                .min(Comparator.comparingDouble(Minimax::regretPoints)
                        .thenComparingDouble(c -> means.get(candidates.indexOf(c)))
                        .thenComparing(Minimax::optimizer))
                .map(c -> new Minimax(c.optimizer(), c.regretPoints(), c.onBackbone(), c.backbones(), count));
    }

    /** The most an optimizer gives away on the backbones it reports on, percentage points; NaN when it reports on none. */
    static double worstRegretPoints(Table table, String optimizer) {
        return table.backbones().stream()
                .filter(b -> table.cell(b, optimizer).isPresent())
                .mapToDouble(b -> regretPoints(table, b, optimizer))
                .max()
                .orElse(Double.NaN);
    }

    private static double regretPoints(Table table, String backbone, String optimizer) {
        double best = table.optimizers().stream()
                .filter(o -> table.cell(backbone, o).isPresent())
                .mapToDouble(o -> accuracy(table, backbone, o))
                .max()
                .orElseThrow();
        return 100 * (best - accuracy(table, backbone, optimizer));
    }

    private static List<ParetoPoint> pareto(Table table) {
        List<ParetoPoint> points = new ArrayList<>();
        for (String backbone : reporting(table)) {
            for (String optimizer : table.optimizers()) {
                table.cell(backbone, optimizer)
                        .filter(cell -> !Double.isNaN(cell.deviceSeconds()) && !cell.diverged())
                        .ifPresent(cell -> points.add(
                                new ParetoPoint(backbone, optimizer, cell.accuracy(), cell.deviceSeconds())));
            }
        }
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

    private static List<String> reporting(Table table) {
        return table.backbones().stream()
                .filter(b -> table.optimizers().stream()
                        .anyMatch(o -> table.cell(b, o).isPresent()))
                .toList();
    }

    private static double accuracy(Table table, String backbone, String optimizer) {
        return table.cell(backbone, optimizer).orElseThrow().accuracy();
    }
}
