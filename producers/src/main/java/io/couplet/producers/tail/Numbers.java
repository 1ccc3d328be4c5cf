package io.couplet.producers.tail;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Numbers as logs write them, and the few that say when something was. */
final class Numbers {

    private static final List<String> STEPS =
            List.of("step", "global_step", "_step", "trainer/global_step", "iteration", "iter");
    private static final List<String> TIMES = List.of("_timestamp", "timestamp", "wall_time", "walltime");
    private static final double LEAST_SECONDS = 1e8; // 1973: what is less is no time since the epoch
    private static final double MOST_SECONDS = 1e11; // what is more is milliseconds

    private Numbers() {}

    /** A number; null for what is none. */
    static @Nullable Double parse(String text) {
        switch (text.toLowerCase(Locale.ROOT)) {
            case "nan":
                return Double.NaN;
            case "inf", "+inf", "infinity", "+infinity":
                return Double.POSITIVE_INFINITY;
            case "-inf", "-infinity":
                return Double.NEGATIVE_INFINITY;
            default:
                break;
        }
        char last = text.isEmpty() ? 'x' : text.charAt(text.length() - 1);
        if (last != '.' && (last < '0' || last > '9')) {
            return null; // Java also reads 1d and 1f
        }
        try {
            return Double.valueOf(text);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** The step among the numbers, as a log counts; null when there is none. */
    static @Nullable Long step(Map<String, Double> values) {
        for (String name : STEPS) {
            Double value = values.get(name);
            if (value != null) {
                return whole(value, name);
            }
        }
        return null;
    }

    /**
     * A whole number of steps.
     *
     * @throws IllegalArgumentException when it is none
     */
    static long whole(double value, String name) {
        if (value != Math.rint(value) || value < 0 || value > Integer.MAX_VALUE - 1) {
            throw new IllegalArgumentException(
                    name + " must be a whole number from 0 to " + (Integer.MAX_VALUE - 1) + ", was " + value);
        }
        return (long) value;
    }

    /** When it was written, milliseconds since the epoch; 0 when none of the numbers says. */
    static long millis(Map<String, Double> values) {
        for (String name : TIMES) {
            Double value = values.get(name);
            if (value != null && value > LEAST_SECONDS) {
                return Math.round(value > MOST_SECONDS ? value : 1_000 * value);
            }
        }
        return 0;
    }
}
