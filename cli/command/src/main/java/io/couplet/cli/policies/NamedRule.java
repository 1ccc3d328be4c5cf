package io.couplet.cli.policies;

import io.couplet.cli.local.UserError;
import io.couplet.scores.stopping.CohortRule;
import io.couplet.scores.stopping.StoppingRule;
import io.couplet.scores.stopping.StoppingRules;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * A rule as a user wrote it.
 *
 * @param text {@code name} or {@code name:option=number,option=number}
 * @param rule the rule
 */
record NamedRule(String text, CohortRule rule) {

    /** Reads it; throws {@link UserError} with the fix. */
    static NamedRule read(String text) {
        WrittenRule written = WrittenRule.read(text);
        try {
            StoppingRule rule = StoppingRules.named(written.name()).with(written.options());
            if (rule instanceof CohortRule cohortRule) {
                return new NamedRule(text, cohortRule);
            }
        } catch (IllegalArgumentException e) {
            throw new UserError("--rule " + text + ": " + e.getMessage() + ".", e);
        }
        throw new UserError("--rule " + text + ": " + written.name()
                + " judges training losses step by step, which curves of evaluations do not have: choose among "
                + names() + ".");
    }

    /** The rules that recorded curves can be shown to. */
    static String names() {
        return Arrays.stream(StoppingRules.values())
                .filter(each -> each != StoppingRules.DIVERGENCE && each != StoppingRules.STALL)
                .map(StoppingRules::key)
                .collect(Collectors.joining(", "));
    }
}
