package io.couplet.trainer.optimizers;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Options of an optimizer by name, complete and checked; flags are 0 or 1, and only an exponent whose default is below zero may be negative. */
public final class Options {
    private final Map<String, Double> values;

    private Options(Map<String, Double> values) {
        this.values = Collections.unmodifiableMap(values);
    }

    /** Names and defaults, in order: {@code "beta1", 0.9, "beta2", 0.999, …}. */
    static Options defaults(Object... namesAndValues) {
        Map<String, Double> values = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            values.put((String) namesAndValues[i], ((Number) namesAndValues[i + 1]).doubleValue());
        }
        return new Options(values);
    }

    /** @throws IllegalArgumentException if an option does not exist or its value is not a finite number of at least zero */
    public Options with(Map<String, Double> overrides) {
        Map<String, Double> all = new LinkedHashMap<>(values);
        overrides.forEach((name, value) -> {
            Double standard = values.get(name);
            if (standard == null) {
                throw new IllegalArgumentException(
                        "unknown option '" + name + "': there are " + String.join(", ", values.keySet()));
            }
            if (standard < 0 ? !(value <= 0 && Double.isFinite(value)) : !(value >= 0 && Double.isFinite(value))) {
                throw new IllegalArgumentException(
                        "option " + name + " must be at " + (standard < 0 ? "most" : "least") + " 0, was " + value);
            }
            all.put(name, value);
        });
        return new Options(all);
    }

    public double get(String name) {
        Double value = values.get(name);
        if (value == null) {
            throw new IllegalStateException("no option " + name);
        }
        return value;
    }

    boolean flag(String name) {
        return get(name) != 0;
    }

    /** Every option with the value in effect, in the order of their definition. */
    public Map<String, Double> asMap() {
        return values;
    }
}
