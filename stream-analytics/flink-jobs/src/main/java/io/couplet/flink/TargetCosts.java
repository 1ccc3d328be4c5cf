package io.couplet.flink;

import io.couplet.scores.coupling.PerformanceProfiles;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Steps and device seconds of a study's cells to its target, and what they say of the optimizers. */
final class TargetCosts {

    private final List<String> backbones;
    private final List<String> optimizers;
    private final Map<List<String>, Cost> costs = new HashMap<>();

    TargetCosts(List<String> backbones, List<String> optimizers) {
        this.backbones = backbones;
        this.optimizers = optimizers;
    }

    /**
     * What a cell took to the target.
     *
     * @param seeds seeds that reached it
     * @param steps median over all its seeds; infinite when the median seed did not reach it
     * @param deviceSeconds likewise
     */
    record Cost(int seeds, double steps, double deviceSeconds) {

        /** Of the runs of a cell's best point, up to a rung. */
        static Cost of(List<StudyRun> runs, int rung) {
            double[] steps = new double[runs.size()];
            double[] seconds = new double[runs.size()];
            int seeds = 0;
            for (int i = 0; i < steps.length; i++) {
                StudyRun.Reached reached = runs.get(i).targetReachedBy(rung).orElse(null);
                seeds += reached == null ? 0 : 1;
                steps[i] = reached == null ? Double.POSITIVE_INFINITY : reached.steps();
                seconds[i] = reached == null ? Double.POSITIVE_INFINITY : reached.deviceSeconds();
            }
            return new Cost(seeds, median(steps), median(seconds));
        }

        private static double median(double[] values) {
            Arrays.sort(values);
            int n = values.length;
            return n == 0 ? Double.NaN : (values[(n - 1) / 2] + values[n / 2]) / 2;
        }

        @Nullable
        Double stepsOrNull() {
            return Double.isFinite(steps) ? steps : null;
        }

        @Nullable
        Double secondsOrNull() {
            return Double.isFinite(deviceSeconds) ? deviceSeconds : null;
        }
    }

    void put(String backbone, String optimizer, Cost cost) {
        costs.put(List.of(backbone, optimizer), cost);
    }

    @Nullable
    Cost of(String backbone, String optimizer) {
        return costs.get(List.of(backbone, optimizer));
    }

    /** By steps; null without a target. */
    @Nullable
    PerformanceProfiles bySteps() {
        return profiles(true);
    }

    /** By device seconds; null without a target, or when some cell's were not measured. */
    @Nullable
    PerformanceProfiles bySeconds() {
        return costs.values().stream().anyMatch(cost -> cost.deviceSeconds() <= 0) ? null : profiles(false);
    }

    private @Nullable PerformanceProfiles profiles(boolean bySteps) {
        if (costs.isEmpty()) {
            return null;
        }
        double[][] table = new double[backbones.size()][optimizers.size()];
        for (int b = 0; b < table.length; b++) {
            for (int o = 0; o < table[b].length; o++) {
                Cost cost = of(backbones.get(b), optimizers.get(o));
                table[b][o] = cost == null ? Double.NaN : bySteps ? cost.steps() : cost.deviceSeconds();
            }
        }
        return PerformanceProfiles.of(optimizers, table, PerformanceProfiles.ALGOPERF_RATIO);
    }
}
