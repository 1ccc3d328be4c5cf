package io.couplet.view.report;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Numbers as people read them, in one way everywhere; a missing one is a dash. */
final class Texts {

    static final String NONE = "–";

    private Texts() {}

    /** A fraction in percent, without the sign. */
    static String percent(@Nullable Double fraction) {
        return known(fraction) ? String.format(Locale.ROOT, "%.1f", 100 * value(fraction)) : NONE;
    }

    /** A fraction in whole percent, without the sign. */
    static String wholePercent(@Nullable Double fraction) {
        return known(fraction) ? String.format(Locale.ROOT, "%.0f", 100 * value(fraction)) : NONE;
    }

    /** Percentage points with their sign; what rounds to zero has none. */
    static String points(@Nullable Double points) {
        if (!known(points)) {
            return NONE;
        }
        String text = String.format(Locale.ROOT, "%+.1f", value(points));
        return text.equals("+0.0") || text.equals("-0.0") ? "0.0" : text.replace('-', '−');
    }

    static String decimal(@Nullable Double value) {
        return known(value) ? String.format(Locale.ROOT, "%.1f", value(value)) : NONE;
    }

    static String seconds(double seconds) {
        return String.format(Locale.ROOT, seconds < 100 ? "%.1f" : "%.0f", seconds);
    }

    /** A duration as people say it. */
    static String duration(double seconds) {
        if (seconds < 100) {
            return seconds(seconds) + " s";
        }
        long whole = Math.round(seconds);
        return whole < 6000
                ? "%d min %02d s".formatted(whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
    }

    private static boolean known(@Nullable Double value) {
        return value != null && Double.isFinite(value);
    }

    private static double value(@Nullable Double value) {
        return value == null ? Double.NaN : value;
    }
}
