package io.couplet.cli.policies;

import io.couplet.cli.local.UserError;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A stopping rule with its options as {@code --rule} takes it; whether there is such a rule is for others to say.
 *
 * @param text {@code name} or {@code name:option=number,option=number}
 * @param name the rule's name
 * @param options its options
 */
public record WrittenRule(String text, String name, SortedMap<String, Double> options) {

    public WrittenRule {
        options = Collections.unmodifiableSortedMap(new TreeMap<>(options));
    }

    /** Reads it; throws {@link UserError} with the fix. */
    public static WrittenRule read(String text) {
        String[] parts = text.split(":", 2);
        SortedMap<String, Double> options = new TreeMap<>();
        if (parts.length == 2) {
            for (String option : parts[1].split(",")) {
                String[] pair = option.split("=", 2);
                try {
                    options.put(pair[0].strip(), Double.parseDouble(pair[pair.length - 1].strip()));
                } catch (NumberFormatException e) {
                    throw new UserError(
                            "--rule " + text + ": '" + option + "' is no option: write " + parts[0]
                                    + ":option=number,option=number.",
                            e);
                }
            }
        }
        return new WrittenRule(text, parts[0].strip(), options);
    }
}
