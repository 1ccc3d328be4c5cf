package io.couplet.scores.stopping;

/** A pure function from what is known of a run to keep or stop. The next rule is one class, named here. */
public sealed interface StoppingRule permits DivergenceRule {

    /** The name by which studies and decisions call the rule. */
    String name();

    /** Grows whenever the same input could get another answer. */
    int version();

    Decision decide(RunSoFar run);
}
