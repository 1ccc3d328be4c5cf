package io.couplet.schemas.study;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A stopping rule that a study arms.
 *
 * @param rule registered name
 * @param options its options by name; those not given have the rule's defaults
 */
public record StoppingRuleSpecification(String rule, SortedMap<String, Double> options) {

    public StoppingRuleSpecification {
        options = Collections.unmodifiableSortedMap(new TreeMap<>(options));
        options.forEach(Bounds.OPTION::require);
    }

    /** The rule with its defaults. */
    public static StoppingRuleSpecification of(String rule) {
        return new StoppingRuleSpecification(rule, new TreeMap<>());
    }
}
