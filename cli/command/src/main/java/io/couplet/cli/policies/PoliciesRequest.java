package io.couplet.cli.policies;

import io.couplet.cli.curves.CurvesFile;
import io.couplet.cli.local.UserError;
import io.couplet.scores.stopping.Metric;
import io.couplet.scores.stopping.Recorded;
import io.couplet.scores.stopping.RecordedCurves;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a user asks of recorded curves.
 *
 * @param curves the recorded curves
 * @param rules the rules as written; empty for the usual ones
 * @param metric the column to compare by; found by its name when empty
 * @param lowerIsBetter whether the metric is a loss, a perplexity or an error; found by its name when empty
 * @param rungs shares of the budget at which rules look
 * @param orders how many orders of the backbones at most
 * @param target a value at which a run ends, as it stands in the file
 * @param warmup the share of the budget that is warm-up
 */
public record PoliciesRequest(
        CurvesFile curves,
        List<String> rules,
        Optional<String> metric,
        Optional<Boolean> lowerIsBetter,
        List<Double> rungs,
        int orders,
        OptionalDouble target,
        double warmup) {

    private static final List<String> ACCURACIES = List.of("accuracy", "top1", "validation_accuracy", "test");
    private static final List<String> LOSSES = List.of("perplexity", "validation_loss", "loss", "error");
    private static final List<String> USUAL =
            List.of("transfer", "asha", "median", "successive-halving", "i-epoch", "plateau");

    /** Reads the file and replays every rule; throws {@link UserError} for what the user can mend. */
    public PoliciesReport report() {
        check();
        List<NamedRule> named =
                (rules.isEmpty() ? USUAL : rules).stream().map(NamedRule::read).toList();
        CurvesFile file = curves;
        String column = metric.orElseGet(() -> guess(file));
        int index = file.metric(column);
        Metric kind = lowerIsBetter.orElse(LOSSES.contains(column)) ? Metric.LOSS : Metric.ACCURACY;
        double scale = kind == Metric.ACCURACY ? scale(file, index, column) : 1;
        if (kind == Metric.LOSS) {
            requirePositive(file, index, column);
        }
        List<String> leftOut = new ArrayList<>();
        List<Recorded> runs = runs(file, index, kind, scale, leftOut);
        List<List<String>> sequences = Orders.of(
                List.copyOf(new LinkedHashSet<>(
                        runs.stream().map(Recorded::backbone).toList())),
                orders);
        return PoliciesReport.of(
                file.name(),
                column,
                kind,
                target.isPresent() ? kind.oriented(target.getAsDouble() / scale) : Double.POSITIVE_INFINITY,
                runs,
                leftOut,
                sequences,
                named,
                rungs);
    }

    private void check() {
        if (orders < 1) {
            throw new UserError("--orders must be at least 1, was " + orders + ".");
        }
        if (!(warmup >= 0 && warmup < 1)) {
            throw new UserError("--warmup must be a share of the budget from 0 to below 1, was " + warmup + ".");
        }
        for (int i = 0; i < rungs.size(); i++) {
            if (!(rungs.get(i) > (i == 0 ? 0 : rungs.get(i - 1)) && rungs.get(i) < 1)) {
                throw new UserError("--rungs must ascend between 0 and 1, were "
                        + String.join(",", rungs.stream().map(String::valueOf).toList()) + ".");
            }
        }
    }

    private static String guess(CurvesFile file) {
        for (List<String> names : List.of(ACCURACIES, LOSSES)) {
            for (String name : names) {
                if (file.metrics().contains(name)) {
                    return name;
                }
            }
        }
        throw new UserError("--metric: say which column of " + file.name() + " to compare by: choose among "
                + String.join(", ", file.metrics()) + ".");
    }

    /** 1 for fractions, 100 for percent: percent when any number is above 1. */
    private static double scale(CurvesFile file, int index, String column) {
        double most = 0;
        for (CurvesFile.Run run : file.runs()) {
            for (CurvesFile.Row row : run.rows()) {
                double value = row.values().get(index);
                if (value < 0 || value > 100) {
                    throw new UserError(
                            file.name() + ", line " + row.line() + ": " + column + " is " + value
                                    + ", but an accuracy is from 0 to 1 or to 100: choose another --metric, or give --lower-is-better.");
                }
                most = Double.isNaN(value) ? most : Math.max(most, value);
            }
        }
        return most > 1 ? 100 : 1;
    }

    private static void requirePositive(CurvesFile file, int index, String column) {
        for (CurvesFile.Run run : file.runs()) {
            for (CurvesFile.Row row : run.rows()) {
                if (row.values().get(index) <= 0) {
                    throw new UserError(file.name() + ", line " + row.line() + ": " + column + " is "
                            + row.values().get(index)
                            + ", but what is better when lower must be above 0: choose another --metric.");
                }
            }
        }
    }

    private List<Recorded> runs(CurvesFile file, int index, Metric kind, double scale, List<String> leftOut) {
        Map<String, Double> longest = new HashMap<>();
        file.runs().forEach(run -> longest.merge(run.backbone(), run.lastStep(), Math::max));
        double[] shares = new double[rungs.size() + 1];
        for (int i = 0; i < rungs.size(); i++) {
            shares[i] = rungs.get(i);
        }
        shares[rungs.size()] = 1;
        List<Recorded> runs = new ArrayList<>();
        for (CurvesFile.Run run : file.runs()) {
            double budget = Double.isNaN(run.budget()) ? longest.getOrDefault(run.backbone(), 0.0) : run.budget();
            List<RecordedCurves.Value> values = values(run, index, scale, kind);
            boolean there = !values.isEmpty() && reached(kind, values.get(values.size() - 1), scale);
            if (!there && (values.isEmpty() || values.get(values.size() - 1).step() < budget)) {
                leftOut.add(run.run());
                continue;
            }
            runs.add(RecordedCurves.at(
                    shares, run.run(), run.backbone(), run.optimizer(), budget, warmup, values, kind));
        }
        if (runs.isEmpty()) {
            throw new UserError(
                    "None of the " + file.runs().size() + " runs in " + file.name()
                            + " came to the end of its budget: check the column budget, or give --target for runs that end when they reach it.");
        }
        return runs;
    }

    /** The evaluations there are, up to the first that reaches the target. */
    private List<RecordedCurves.Value> values(CurvesFile.Run run, int index, double scale, Metric kind) {
        List<RecordedCurves.Value> values = new ArrayList<>();
        for (CurvesFile.Row row : run.rows()) {
            double value = row.values().get(index) / scale;
            if (!Double.isNaN(value)) {
                RecordedCurves.Value read = new RecordedCurves.Value(row.step(), value);
                values.add(read);
                if (reached(kind, read, scale)) {
                    break;
                }
            }
        }
        return values;
    }

    private boolean reached(Metric kind, RecordedCurves.Value value, double scale) {
        return target.isPresent() && kind.oriented(value.value()) >= kind.oriented(target.getAsDouble() / scale);
    }
}
