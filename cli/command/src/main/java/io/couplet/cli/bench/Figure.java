package io.couplet.cli.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Something measured.
 *
 * @param name what, in a few words
 * @param value how much
 * @param unit of what
 * @param ratioTo this value over those of other figures of the same run, by their names
 */
public record Figure(String name, double value, String unit, Map<String, Double> ratioTo) {

    public Figure {
        ratioTo = Map.copyOf(ratioTo);
    }

    public static Figure of(String name, double value, String unit) {
        return new Figure(name, value, unit, Map.of());
    }

    /** This figure, compared with another one too. */
    public Figure comparedWith(Figure other) {
        Map<String, Double> ratios = new LinkedHashMap<>(ratioTo);
        ratios.put(other.name(), value / other.value());
        return new Figure(name, value, unit, ratios);
    }
}
