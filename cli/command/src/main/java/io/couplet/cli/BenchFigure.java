package io.couplet.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One measured number.
 *
 * @param ratioTo what a ratio is a ratio to; null for a number that is none
 */
record BenchFigure(
        String name, double value, String unit, @Nullable String ratioTo) {

    BenchFigure(String name, double value, String unit) {
        this(name, value, unit, null);
    }

    /** Prints {@code what}, {@code settings} and {@code figures[]}. */
    static void printJson(PrintWriter out, String what, Map<String, Object> settings, List<BenchFigure> figures)
            throws JsonProcessingException {
        printJson(out, what, settings, figures, Map.of());
    }

    /** The same with {@code more} beside them. */
    static void printJson(
            PrintWriter out,
            String what,
            Map<String, Object> settings,
            List<BenchFigure> figures,
            Map<String, Object> more)
            throws JsonProcessingException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("what", what);
        all.put("settings", settings);
        all.put("figures", figures);
        all.putAll(more);
        out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(all));
    }

    static void printTable(PrintWriter out, List<BenchFigure> figures) {
        for (BenchFigure figure : figures) {
            String against = figure.ratioTo == null ? "" : "  to " + figure.ratioTo;
            out.printf(Locale.ROOT, "%-48s %,14.3f %s%s%n", figure.name, figure.value, figure.unit, against);
        }
    }

    /**
     * Each figure that both have in the same unit, divided by the other's; and over the totals of all backbones the geometric mean and the largest.
     *
     * @param other as {@link #printJson} or the PyTorch script prints it
     */
    static List<BenchFigure> against(List<BenchFigure> figures, JsonNode other) {
        String what = other.path("what").asText("the other");
        List<BenchFigure> ratios = new ArrayList<>();
        double logs = 0;
        double largest = 0;
        int totals = 0;
        for (BenchFigure figure : figures) {
            for (JsonNode each : other.path("figures")) {
                if (each.path("name").asText().equals(figure.name)
                        && each.path("unit").asText().equals(figure.unit)
                        && each.path("value").asDouble() > 0) {
                    double ratio = figure.value / each.path("value").asDouble();
                    ratios.add(new BenchFigure(figure.name, ratio, "ratio", what));
                    if (figure.name.endsWith(".total")) {
                        logs += Math.log(ratio);
                        largest = Math.max(largest, ratio);
                        totals++;
                    }
                }
            }
        }
        if (totals > 0) {
            ratios.add(new BenchFigure("total, geometric mean of " + totals, Math.exp(logs / totals), "ratio", what));
            ratios.add(new BenchFigure("total, largest of " + totals, largest, "ratio", what));
        }
        return ratios;
    }
}
