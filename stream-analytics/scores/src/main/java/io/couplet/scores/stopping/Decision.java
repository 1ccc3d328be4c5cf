package io.couplet.scores.stopping;

import java.util.Map;

/** What a rule says of a run. */
public sealed interface Decision {

    /** The run goes on. */
    record Keep() implements Decision {}

    /**
     * The run should end.
     *
     * @param rule the rule's name
     * @param version the rule's version
     * @param reason one sentence for people
     * @param threshold the bound that was crossed; NaN for a rule without one
     * @param evidence the values it was decided on, by name
     */
    record Stop(String rule, int version, String reason, double threshold, Map<String, Double> evidence)
            implements Decision {
        public Stop {
            evidence = Map.copyOf(evidence);
        }
    }
}
