package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What finished backbones say about the final values of a cohort, from its values at one rung.
 *
 * <p>On the metric's scale, {@link Metric#score}, the finished runs give each optimizer o an effect at this rung, {@code tᵣ(o)}, and at the end, {@code t(o)}: the
 * additive fit backbone + optimizer. A run with score z at this rung differs from what its optimizer was expected to have by {@code u = z − tᵣ(o) − c}, c
 * the cohort's centre. Its final place is forecast as {@code t(o) + λu}: with λ = 1 that is the optimizer's mean gain from here, with λ = 0 its place on the finished
 * backbones. How much of a difference at this rung lasts is read from the anchors: λ and the correlation ρ of t with tᵣ over the optimizers. Before a learning-rate
 * drop ρ is small, after it near 1, so the schedule needs no name.
 *
 * <p>Error: {@code τ² (1 − ρ²) (1 + 1/A) + s²}, A the backbones behind t(o), τ the sample standard deviation of an optimizer's place between backbones, s that of
 * what seeds of one pairing differ by in {@code final − λ · now}. While one anchor alone tells nothing of τ it is {@code interaction} times the standard deviation of t; the
 * residuals of further anchors then count beside it as if it had been seen in {@value #BELIEF} of them.
 *
 * <p>What all runs of a cohort gain alike cancels when they are compared with one another, but not against a fixed value. How much the finished backbones differ in that
 * gain is the error of the cohort's level: the sample variance of theirs times {@code 1 + 1/B}, or, with one backbone, the belief about an optimizer's place.
 */
public final class TransferModel {

    private static final int SWEEPS = 50;
    private static final int BELIEF = 8;

    /**
     * The forecast of one run.
     *
     * @param runId the run
     * @param expected its final score
     * @param error the standard error of its place among its cohort
     * @param level the standard error of what its whole cohort has in common
     * @param backbones the finished backbones that tell of its optimizer
     */
    record Outlook(String runId, double expected, double error, double level, int backbones) {}

    private final Map<String, Outlook> outlooks;
    private final Metric metric;

    private TransferModel(Map<String, Outlook> outlooks, Metric metric) {
        this.outlooks = outlooks;
        this.metric = metric;
    }

    @Nullable
    Outlook outlook(String runId) {
        return outlooks.get(runId);
    }

    /** The run with the highest forecast of those that train or have finished. */
    Outlook leader() {
        return outlooks.values().stream()
                .max(Comparator.comparingDouble(Outlook::expected)
                        .thenComparing(Outlook::runId, Comparator.reverseOrder()))
                .orElseThrow();
    }

    /** Forecasts with their 95 % intervals by run, as the metric is reported. */
    public Map<String, Evidence.Forecast> forecasts() {
        Map<String, Evidence.Forecast> forecasts = new TreeMap<>();
        outlooks.forEach((runId, outlook) -> forecasts.put(runId, TransferRule.forecast(metric, outlook)));
        return forecasts;
    }

    static Optional<TransferModel> of(
            StudySoFar study, String backbone, int rung, int wantedAnchors, double interaction) {
        List<String> anchors = anchors(study, backbone, wantedAnchors);
        if (anchors.size() < wantedAnchors) {
            return Optional.empty();
        }
        Cells cells = Cells.of(study, backbone, rung);
        Additive now = Additive.fit(cells.now, anchors);
        Additive end = Additive.fit(cells.end, anchors);
        Set<String> optimizers = new TreeSet<>();
        anchors.forEach(anchor ->
                optimizers.addAll(cells.end.getOrDefault(anchor, Map.of()).keySet()));
        if (optimizers.size() < TransferRule.LEAST_OPTIMIZERS) {
            return Optional.empty();
        }
        Line line = Line.through(now, end, optimizers);
        double spread = spread(line, cells, end, anchors, interaction);
        double seeds = cells.seedVariance(line.slope);
        double[] gains = anchors.stream()
                .mapToDouble(anchor -> end.of(anchor) - now.of(anchor))
                .toArray();
        double gain = java.util.Arrays.stream(gains).average().orElseThrow();
        double level = Math.sqrt(levelVariance(gains, gain, interaction * interaction * line.variance));
        return outlooks(study, backbone, rung, now, end, line, spread, seeds, gain, level, interaction, cells);
    }

    @SuppressWarnings("TooManyParameters")
    private static Optional<TransferModel> outlooks(
            StudySoFar study,
            String backbone,
            int rung,
            Additive now,
            Additive end,
            Line line,
            double spread,
            double seeds,
            double gain,
            double level,
            double interaction,
            Cells cells) {
        Map<Curve, Double> surprises = new LinkedHashMap<>();
        List<Double> centres = new ArrayList<>();
        for (Curve run : study.of(backbone)) {
            double score = run.at(rung)
                    .map(point -> study.metric().score(point.value()))
                    .orElse(Double.NaN);
            Double effect = now.effects.get(run.optimizer());
            if (effect != null && !Double.isNaN(score)) {
                surprises.put(run, score - effect);
                centres.add(score - effect);
            }
        }
        double centre = Quantiles.linear(centres, 0.5);
        double widened = spread * widening(centres, centre, now.variance(), interaction);
        Map<String, Outlook> outlooks = new TreeMap<>();
        surprises.forEach((run, surprise) -> {
            if (run.state() == Curve.State.ENDED) {
                return;
            }
            int told = cells.backbonesOf(run.optimizer());
            double expected = centre + gain + effect(end, run) + line.slope * (surprise - centre);
            double variance = widened * (1 - line.sure() * line.sure()) * (1 + 1.0 / told) + seeds;
            outlooks.put(run.runId(), new Outlook(run.runId(), expected, Math.sqrt(variance), level, told));
        });
        return outlooks.isEmpty() ? Optional.empty() : Optional.of(new TransferModel(outlooks, study.metric()));
    }

    private static double effect(Additive fit, Curve run) {
        Double effect = fit.effects.get(run.optimizer());
        if (effect == null) {
            throw new IllegalStateException(run.optimizer() + " has an effect at the rung and none at the end");
        }
        return effect;
    }

    /** The backbones that ran whole, those with the most finished runs first, at most as many as wanted. */
    private static List<String> anchors(StudySoFar study, String without, int wanted) {
        Map<String, Integer> finished = new TreeMap<>();
        Map<String, Integer> known = new HashMap<>();
        Map<String, Set<String>> optimizers = new HashMap<>();
        Set<String> training = new HashSet<>();
        for (Curve run : study.curves()) {
            known.merge(run.backbone(), 1, Integer::sum);
            if (run.trains()) {
                training.add(run.backbone());
            } else if (run.last().isPresent()) {
                finished.merge(run.backbone(), 1, Integer::sum);
                optimizers
                        .computeIfAbsent(run.backbone(), each -> new HashSet<>())
                        .add(run.optimizer());
            }
        }
        return finished.entrySet().stream()
                .filter(each -> !each.getKey().equals(without) && !training.contains(each.getKey()))
                .filter(each -> known.getOrDefault(each.getKey(), 0) >= study.runsPerBackbone())
                .filter(each ->
                        optimizers.getOrDefault(each.getKey(), Set.of()).size() >= TransferRule.LEAST_OPTIMIZERS)
                .sorted(Map.Entry.<String, Integer>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(wanted)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** How much more the cohort's own places at this rung differ from those on the anchors than was believed, never below 1. */
    private static double widening(List<Double> surprises, double centre, double variance, double interaction) {
        int count = surprises.size();
        double believed = interaction * interaction * variance;
        if (count < 2 || !(believed > 0)) {
            return 1;
        }
        double squares = 0;
        for (double each : surprises) {
            squares += (each - centre) * (each - centre);
        }
        return Math.max(1, (BELIEF + count * squares / (count - 1) / believed) / (BELIEF + count));
    }

    private static double levelVariance(double[] gains, double mean, double believed) {
        if (gains.length < 2) {
            return 2 * believed;
        }
        double squares = java.util.Arrays.stream(gains)
                .map(each -> (each - mean) * (each - mean))
                .sum();
        return squares / (gains.length - 1) * (1 + 1.0 / gains.length);
    }

    /** τ² as the class says. */
    private static double spread(Line line, Cells cells, Additive end, List<String> anchors, double interaction) {
        double believed = interaction * interaction * line.variance;
        double squares = 0;
        int count = 0;
        Set<String> optimizers = new HashSet<>();
        for (String anchor : anchors) {
            for (Map.Entry<String, Double> cell :
                    cells.end.getOrDefault(anchor, Map.of()).entrySet()) {
                double residual = cell.getValue() - end.of(anchor) - end.effects.getOrDefault(cell.getKey(), 0.0);
                squares += residual * residual;
                count++;
                optimizers.add(cell.getKey());
            }
        }
        int free = anchors.size() < 2 ? 0 : Math.max(0, count - anchors.size() - optimizers.size() + 1);
        return free == 0 ? believed : (BELIEF * believed + squares) / (BELIEF + free);
    }

    /** Mean scores of the finished runs by backbone and optimizer, and the runs themselves. */
    private static final class Cells {

        final Map<String, Map<String, Double>> now = new TreeMap<>();
        final Map<String, Map<String, Double>> end = new TreeMap<>();
        private final Map<String, Map<String, List<double[]>>> runs = new TreeMap<>();

        static Cells of(StudySoFar study, String without, int rung) {
            Cells cells = new Cells();
            for (Curve run : study.curves()) {
                Optional<Point> at = run.at(rung);
                if (run.backbone().equals(without) || at.isEmpty() || run.last().isEmpty()) {
                    continue;
                }
                double now = study.metric().score(at.get().value());
                double end = study.metric().score(run.last().get().value());
                if (!Double.isNaN(now) && !Double.isNaN(end)) {
                    cells.runs
                            .computeIfAbsent(run.backbone(), each -> new TreeMap<>())
                            .computeIfAbsent(run.optimizer(), each -> new ArrayList<>())
                            .add(new double[] {now, end});
                }
            }
            cells.runs.forEach((backbone, row) -> row.forEach((optimizer, seeds) -> {
                cells.now.computeIfAbsent(backbone, each -> new TreeMap<>()).put(optimizer, mean(seeds, 0));
                cells.end.computeIfAbsent(backbone, each -> new TreeMap<>()).put(optimizer, mean(seeds, 1));
            }));
            return cells;
        }

        private static double mean(List<double[]> seeds, int index) {
            return seeds.stream().mapToDouble(seed -> seed[index]).average().orElseThrow();
        }

        int backbonesOf(String optimizer) {
            return (int) end.values().stream()
                    .filter(row -> row.containsKey(optimizer))
                    .count();
        }

        /** Pooled sample variance over seeds of what the line leaves; 0 when no pairing has two. */
        double seedVariance(double slope) {
            double squares = 0;
            int free = 0;
            for (Map<String, List<double[]>> row : runs.values()) {
                for (List<double[]> seeds : row.values()) {
                    double mean = mean(seeds, 1) - slope * mean(seeds, 0);
                    for (double[] seed : seeds) {
                        double left = seed[1] - slope * seed[0] - mean;
                        squares += left * left;
                    }
                    free += seeds.size() - 1;
                }
            }
            return free == 0 ? 0 : squares / free;
        }
    }

    /** Backbone + optimizer, fitted to an incomplete table by turns: medians over optimizers, means over backbones. */
    private static final class Additive {

        final Map<String, Double> effects = new TreeMap<>();
        private final Map<String, Double> backbones = new TreeMap<>();

        static Additive fit(Map<String, Map<String, Double>> table, List<String> anchors) {
            Additive fit = new Additive();
            for (int sweep = 0; sweep < SWEEPS; sweep++) {
                table.forEach((backbone, row) -> {
                    // The anchors have every optimizer; of another backbone only those count that an anchor has, too.
                    List<Double> left = new ArrayList<>();
                    row.forEach((optimizer, score) -> {
                        if (anchors.contains(backbone) || fit.effects.containsKey(optimizer)) {
                            left.add(score - fit.effects.getOrDefault(optimizer, 0.0));
                        }
                    });
                    if (!left.isEmpty()) {
                        fit.backbones.put(backbone, Quantiles.linear(left, 0.5));
                    }
                });
                fit.sweepOptimizers(table, sweep == 0 ? anchors : List.copyOf(fit.backbones.keySet()));
            }
            return fit;
        }

        private void sweepOptimizers(Map<String, Map<String, Double>> table, List<String> from) {
            Map<String, List<Double>> left = new TreeMap<>();
            for (String backbone : from) {
                Double centre = backbones.get(backbone);
                if (centre != null) {
                    table.getOrDefault(backbone, Map.of())
                            .forEach((optimizer, score) -> left.computeIfAbsent(optimizer, each -> new ArrayList<>())
                                    .add(score - centre));
                }
            }
            left.forEach((optimizer, scores) -> effects.put(
                    optimizer,
                    scores.stream().mapToDouble(Double::doubleValue).average().orElseThrow()));
        }

        /** Sample variance of the optimizers' effects. */
        double variance() {
            double mean = effects.values().stream()
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElse(0);
            double squares = effects.values().stream()
                    .mapToDouble(each -> (each - mean) * (each - mean))
                    .sum();
            return effects.size() < 2 ? 0 : squares / (effects.size() - 1);
        }

        double of(String backbone) {
            return backbones.getOrDefault(backbone, 0.0);
        }
    }

    /** How final effects follow from those at a rung, over optimizers: least squares, never a negative slope. */
    private record Line(double slope, double correlation, double variance, int optimizers) {

        /** The correlation less its standard error, on Fisher's scale: over few optimizers a high one is often luck. */
        double sure() {
            if (optimizers < 4 || correlation >= 1) {
                return optimizers < 4 ? 0 : correlation;
            }
            double z = 0.5 * Math.log((1 + correlation) / (1 - correlation)) - 1 / Math.sqrt(optimizers - 3.0);
            return Math.max(0, Math.tanh(z));
        }

        static Line through(Additive now, Additive end, Set<String> optimizers) {
            double[] x = optimizers.stream()
                    .mapToDouble(each -> now.effects.getOrDefault(each, 0.0))
                    .toArray();
            double[] y = optimizers.stream()
                    .mapToDouble(each -> end.effects.getOrDefault(each, 0.0))
                    .toArray();
            double meanX = java.util.Arrays.stream(x).average().orElse(0);
            double meanY = java.util.Arrays.stream(y).average().orElse(0);
            double xx = 0;
            double yy = 0;
            double xy = 0;
            for (int i = 0; i < x.length; i++) {
                xx += (x[i] - meanX) * (x[i] - meanX);
                yy += (y[i] - meanY) * (y[i] - meanY);
                xy += (x[i] - meanX) * (y[i] - meanY);
            }
            boolean follows = xy > 0 && xx > 0 && yy > 0;
            return new Line(
                    follows ? xy / xx : 0,
                    follows ? Math.min(1, xy / Math.sqrt(xx * yy)) : 0,
                    yy / (x.length - 1),
                    x.length);
        }
    }
}
