package io.couplet.scores.stopping;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** A pure function from what is known to keep or stop. */
public sealed interface StoppingRule permits RunRule, CohortRule {

    /** Digits of the numbers in reasons. */
    int SIGNIFICANT = 4;

    /** The name by which studies and decisions call the rule. */
    String name();

    /** Grows whenever the same input could get another answer. */
    int version();

    /** That the run goes on, and why: the format's values as {@link #sentence} writes them. */
    static Decision keep(String format, Object... values) {
        return new Decision.Keep(sentence(format, values));
    }

    /** A format of {@code %s} with its values, doubles with four significant digits. */
    static String sentence(String format, Object... values) {
        Object[] written = new Object[values.length];
        for (int i = 0; i < values.length; i++) {
            written[i] = values[i] instanceof Double number ? text(number) : values[i];
        }
        return String.format(Locale.ROOT, format, written);
    }

    private static String text(double number) {
        return Double.isFinite(number)
                ? new BigDecimal(number)
                        .round(new MathContext(SIGNIFICANT))
                        .stripTrailingZeros()
                        .toPlainString()
                : String.valueOf(number);
    }
}
