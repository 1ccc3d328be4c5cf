package io.couplet.cli.policies;

import io.couplet.scores.stopping.Metric;
import io.couplet.scores.stopping.Recorded;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the rules would have done, to be written as JSON, as text or as a picture. */
public final class PoliciesReport {

    private static final double DIGITS = 1e9;

    private final String file;
    private final String column;
    private final Metric metric;
    private final List<Recorded> runs;
    private final List<String> leftOut;
    private final List<List<String>> orders;
    private final List<PolicyFigures> rules;
    private final List<PolicyFigures> baseline;

    private PoliciesReport(
            String file,
            String column,
            Metric metric,
            List<Recorded> runs,
            List<String> leftOut,
            List<List<String>> orders,
            List<PolicyFigures> rules,
            List<PolicyFigures> baseline) {
        this.file = file;
        this.column = column;
        this.metric = metric;
        this.runs = runs;
        this.leftOut = leftOut;
        this.orders = orders;
        this.rules = rules;
        this.baseline = baseline;
    }

    static PoliciesReport of(
            String file,
            String column,
            Metric metric,
            double target,
            List<Recorded> runs,
            List<String> leftOut,
            List<List<String>> orders,
            List<NamedRule> named,
            List<Double> rungs) {
        List<PolicyFigures> rules = named.stream()
                .map(each -> PolicyFigures.of(each.text(), each.rule(), runs, metric, target, orders))
                .toList();
        // The cohorts of the baseline know nothing of each other, so one order tells all.
        List<PolicyFigures> baseline = rungs.stream()
                .map(fraction -> NamedRule.read("i-epoch:fraction=" + fraction))
                .map(each -> PolicyFigures.of(each.text(), each.rule(), runs, metric, target, orders.subList(0, 1)))
                .toList();
        return new PoliciesReport(file, column, metric, runs, leftOut, orders, rules, baseline);
    }

    /** Maps, lists, texts and numbers under the keys that scripts rely on; what is unknown is null. */
    public Map<String, Object> json() {
        return object(
                "file", file,
                "metric", column,
                "regretUnit", unit(),
                "runs", runs.size(),
                "leftOut", leftOut,
                "backbones", orders.get(0).stream().sorted().toList(),
                "orders", orders.size(),
                "rules", rules.stream().map(PoliciesReport::json).toList(),
                "baseline", baseline.stream().map(PoliciesReport::json).toList());
    }

    private static Map<String, Object> json(PolicyFigures rule) {
        List<Map<String, Object>> backbones = new ArrayList<>();
        rule.backbones()
                .forEach((name, regret) -> backbones.add(
                        object("name", name, "regretMean", number(regret.mean()), "regretMax", number(regret.max()))));
        List<Map<String, Object>> families = new ArrayList<>();
        rule.families()
                .forEach((name, stops) ->
                        families.add(object("family", name, "stops", stops.stops(), "wrong", stops.wrong())));
        PolicyFigures.Calibration calibration = rule.calibration();
        return object(
                "rule", rule.rule(),
                "saved", number(rule.saved()),
                "regretMean", number(rule.regretMean()),
                "regretMax", number(rule.regretMax()),
                "winnersKept", rule.winnersKept(),
                "cohorts", rule.cohorts(),
                "backbones", backbones,
                "stopsByFamily", families,
                "target",
                        rule.reached().runs() == 0
                                ? null
                                : object(
                                        "reached",
                                        rule.reached().runs(),
                                        "lost",
                                        rule.reached().lost()),
                "calibration",
                        calibration.forecasts() == 0
                                ? null
                                : object(
                                        "forecasts", calibration.forecasts(),
                                        "within80", number(calibration.within80()),
                                        "within95", number(calibration.within95())));
    }

    /** Tables for people. */
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%s: %d runs on %d backbones by %s, %d %s of the backbones%s%n",
                file,
                runs.size(),
                orders.get(0).size(),
                column,
                orders.size(),
                orders.size() == 1 ? "order" : "orders",
                leftOut.isEmpty() ? "" : "; " + leftOut.size() + " runs left out: they did not come to their end"));
        text.append(String.format(Locale.ROOT, "Regret is in %s.%n%n", unit()));
        int width = Math.max(
                12, rules.stream().mapToInt(rule -> rule.rule().length()).max().orElse(0));
        text.append(String.format(
                Locale.ROOT,
                "%-" + width + "s  %7s  %8s  %8s  %12s  %12s  %s%n",
                "rule",
                "saved",
                "regret",
                "at most",
                "winners kept",
                "wrong stops",
                "forecasts within 80 % / 95 %"));
        for (PolicyFigures rule : rules) {
            int stops = rule.families().values().stream()
                    .mapToInt(PolicyFigures.Stops::stops)
                    .sum();
            int wrong = rule.families().values().stream()
                    .mapToInt(PolicyFigures.Stops::wrong)
                    .sum();
            text.append(String.format(
                                    Locale.ROOT,
                                    "%-" + width + "s  %5.1f %%  %8.3f  %8.3f  %12s  %12s  %s",
                                    rule.rule(),
                                    100 * rule.saved(),
                                    rule.regretMean(),
                                    rule.regretMax(),
                                    rule.winnersKept() + " of " + rule.cohorts(),
                                    wrong + " of " + stops,
                                    calibration(rule.calibration()))
                            .stripTrailing())
                    .append(System.lineSeparator());
        }
        lostBeforeTarget(text, width);
        regretByBackbone(text, width);
        stopsByFamily(text, width);
        return text.toString();
    }

    private void lostBeforeTarget(StringBuilder text, int width) {
        if (rules.stream().allMatch(rule -> rule.reached().runs() == 0)) {
            return;
        }
        text.append(String.format("%nStopped, of the runs that would have reached the target%n"));
        for (PolicyFigures rule : rules) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-" + width + "s  %d of %d, %.1f %%%n",
                    rule.rule(),
                    rule.reached().lost(),
                    rule.reached().runs(),
                    100.0 * rule.reached().lost() / rule.reached().runs()));
        }
    }

    private void regretByBackbone(StringBuilder text, int width) {
        text.append(String.format("%nMean regret by backbone%n"));
        for (PolicyFigures rule : rules) {
            text.append(String.format(Locale.ROOT, "%-" + width + "s", rule.rule()));
            rule.backbones()
                    .forEach((name, regret) ->
                            text.append(String.format(Locale.ROOT, "  %s %.3f", name, regret.mean())));
            text.append(System.lineSeparator());
        }
    }

    private void stopsByFamily(StringBuilder text, int width) {
        text.append(String.format("%nWrong stops by family of optimizers%n"));
        for (PolicyFigures rule : rules) {
            text.append(String.format(Locale.ROOT, "%-" + width + "s", rule.rule()));
            rule.families()
                    .forEach((name, stops) -> text.append(
                            String.format(Locale.ROOT, "  %s %d of %d", name, stops.wrong(), stops.stops())));
            text.append(System.lineSeparator());
        }
    }

    private static String calibration(PolicyFigures.Calibration calibration) {
        return calibration.forecasts() == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        "%.0f %% / %.0f %% of %d",
                        100 * calibration.within80(),
                        100 * calibration.within95(),
                        calibration.forecasts());
    }

    /** Saved against regret, the baseline as a line. */
    public String svg() {
        return SavedAgainstRegret.svg(rules, baseline, unit());
    }

    private String unit() {
        return metric == Metric.ACCURACY ? "percentage points of " + column : column;
    }

    private static @Nullable Double number(double value) {
        return Double.isFinite(value) ? (Double) (Math.rint(value * DIGITS) / DIGITS + 0.0) : null;
    }

    private static Map<String, Object> object(@Nullable Object... namesAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            object.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
        }
        return object;
    }
}
