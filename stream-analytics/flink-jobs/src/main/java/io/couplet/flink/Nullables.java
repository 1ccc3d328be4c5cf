package io.couplet.flink;

import org.jspecify.annotations.Nullable;

/** The scores say "too few" with NaN, the topics with null. */
final class Nullables {

    private Nullables() {}

    static @Nullable Double of(double value) {
        return Double.isNaN(value) ? null : value;
    }

    static double of(@Nullable Double value) {
        return value == null ? Double.NaN : value;
    }
}
