package io.couplet.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The figures of one run, and what they were measured on. */
final class Figures {

    private Figures() {}

    /**
     * Prints figures: a table, or JSON with the keys {@code settings} and {@code figures[]: name, value, unit, ratioTo}.
     *
     * @param settings what was measured, for whoever reads the figures later
     */
    static void print(PrintWriter out, boolean json, Map<String, Object> settings, List<Figure> figures)
            throws JsonProcessingException {
        if (json) {
            Map<String, Object> all = new LinkedHashMap<>();
            Map<String, Object> known = new LinkedHashMap<>(settings);
            known.put("processors", Runtime.getRuntime().availableProcessors());
            known.put("java", Runtime.version().toString());
            all.put("settings", known);
            all.put("figures", figures);
            out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(all));
            return;
        }
        int width = figures.stream()
                .mapToInt(figure -> figure.name().length())
                .max()
                .orElse(0);
        for (Figure figure : figures) {
            String ratios = figure.ratioTo().entrySet().stream()
                    .map(ratio -> String.format(Locale.ROOT, "%.2f × %s", ratio.getValue(), ratio.getKey()))
                    .sorted()
                    .collect(Collectors.joining(", "));
            out.println(String.format(
                            Locale.ROOT,
                            "%-" + Math.max(1, width) + "s  %14s %-12s %s",
                            figure.name(),
                            number(figure.value()),
                            figure.unit(),
                            ratios)
                    .stripTrailing());
        }
    }

    private static String number(double value) {
        return Math.abs(value) >= 1_000
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%.3g", value);
    }
}
