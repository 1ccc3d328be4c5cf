package io.couplet.cli.policies;

import io.couplet.scores.stopping.CohortRule;
import io.couplet.scores.stopping.Decision;
import io.couplet.scores.stopping.Metric;
import io.couplet.scores.stopping.Recorded;
import io.couplet.scores.stopping.Replay;
import io.couplet.trainer.optimizers.Optimizers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * One rule over all orders of the backbones. Regrets are percentage points of an accuracy, otherwise in the metric's own unit.
 *
 * @param rule the rule as it was written
 * @param saved mean share of the steps that were not taken
 * @param regretMean mean over backbones and orders
 * @param regretMax the largest
 * @param winnersKept cohorts, over all orders, in which a run with the best result ran whole
 * @param cohorts how many there are
 * @param backbones regret by backbone
 * @param families stops by family of optimizers
 * @param reached runs that reach the target when they run whole
 * @param calibration forecasts against what came; {@code forecasts} is 0 for a rule that makes none
 */
record PolicyFigures(
        String rule,
        double saved,
        double regretMean,
        double regretMax,
        int winnersKept,
        int cohorts,
        Map<String, Regret> backbones,
        Map<String, Stops> families,
        Calibration calibration,
        Reached reached) {

    private static final double NORMAL_80 = 1.2815515655446004;
    private static final double NORMAL_95 = 1.959963984540054;

    /** Mean and largest regret of one backbone over the orders. */
    record Regret(double mean, double max) {}

    /** How many runs were stopped, and how many of them would have ended better than all that was kept. */
    record Stops(int stops, int wrong) {}

    /** How many forecasts of a run's distance from its leader, and the shares within their 80 % and 95 % intervals. */
    record Calibration(int forecasts, double within80, double within95) {}

    /** How many runs, over all orders, would have reached the target, and how many of them were stopped before. */
    record Reached(int runs, int lost) {}

    static PolicyFigures of(
            String name,
            CohortRule rule,
            List<Recorded> runs,
            Metric metric,
            double target,
            List<List<String>> orders) {
        double points = metric == Metric.ACCURACY ? 100 : 1;
        double saved = 0;
        List<Double> regrets = new ArrayList<>();
        Map<String, List<Double>> byBackbone = new TreeMap<>();
        Map<String, Stops> families = new TreeMap<>();
        List<Double> errors = new ArrayList<>();
        int kept = 0;
        int lost = 0;
        for (List<String> order : orders) {
            Replay replay = Replay.of(runs, metric, List.of(rule), order);
            saved += replay.saved() / orders.size();
            for (Replay.CohortResult cohort : replay.cohorts()) {
                double regret = points * cohort.regret();
                regrets.add(regret);
                byBackbone
                        .computeIfAbsent(cohort.backbone(), each -> new ArrayList<>())
                        .add(regret);
                kept += cohort.winnerKept() ? 1 : 0;
            }
            for (Replay.Judged judged : replay.decisions()) {
                if (judged.decision() instanceof Decision.Stop) {
                    lost += judged.run().result() >= target ? 1 : 0;
                    families.merge(
                            family(judged.run().optimizer()),
                            new Stops(1, judged.wrong() ? 1 : 0),
                            (a, b) -> new Stops(a.stops() + b.stops(), a.wrong() + b.wrong()));
                }
            }
            replay.checks().forEach(check -> errors.add(Math.abs(check.standardized())));
        }
        Map<String, Regret> backbones = new TreeMap<>();
        byBackbone.forEach((backbone, each) -> backbones.put(backbone, new Regret(mean(each), max(each))));
        return new PolicyFigures(
                name,
                saved,
                mean(regrets),
                max(regrets),
                kept,
                regrets.size(),
                backbones,
                families,
                new Calibration(errors.size(), within(errors, NORMAL_80), within(errors, NORMAL_95)),
                new Reached(
                        orders.size()
                                * (int) runs.stream()
                                        .filter(run -> run.result() >= target)
                                        .count(),
                        lost));
    }

    /** The family that `couplet list` gives the optimizer. */
    private static String family(String optimizer) {
        return Optimizers.entries().stream()
                .filter(entry -> entry.name().equalsIgnoreCase(optimizer)
                        || entry.title().equalsIgnoreCase(optimizer))
                .map(entry -> entry.family().name().toLowerCase(Locale.ROOT).replace('_', '-'))
                .findFirst()
                .orElse("other");
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    private static double max(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).max().orElse(Double.NaN);
    }

    private static double within(List<Double> errors, double bound) {
        return errors.stream()
                .mapToDouble(each -> each <= bound ? 1 : 0)
                .average()
                .orElse(Double.NaN);
    }
}
