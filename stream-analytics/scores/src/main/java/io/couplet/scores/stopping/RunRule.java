package io.couplet.scores.stopping;

/** A rule that looks at one run's losses and at nobody else. The next one is a class, named here. */
public sealed interface RunRule extends StoppingRule permits DivergenceRule, StallRule {

    Decision decide(RunSoFar run);
}
