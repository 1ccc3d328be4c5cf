package io.couplet.scores.stopping;

import java.util.Map;

/**
 * Stops a run that no longer steps: the others of its study have reported for so long since its newest step that its usual gap between two steps passed many
 * times. Time is the records' own, so a broker that was away stalls nobody.
 *
 * @param gaps how many usual gaps without a step are a stall
 */
public record StallRule(double gaps) implements RunRule {

    public StallRule {
        if (!(gaps > 1)) {
            throw new IllegalArgumentException("gaps must be above 1, was " + gaps);
        }
    }

    @Override
    public String name() {
        return "stall";
    }

    @Override
    public int version() {
        return 1;
    }

    @Override
    public Decision decide(RunSoFar run) {
        if (run.step() <= run.warmupSteps()) {
            return StoppingRule.keep("at step %d it is still in warm-up", run.step());
        }
        if (!(run.usualGapMillis() > 0)) {
            return StoppingRule.keep("its usual gap between two steps is not yet known");
        }
        double passed = run.idleMillis() / run.usualGapMillis();
        if (!(passed > gaps)) {
            return StoppingRule.keep("%s of its usual gaps without a step, %s are a stall", passed, gaps);
        }
        return new Decision.Stop(
                name(),
                version(),
                StoppingRule.sentence(
                        "no step for %s of its usual gaps of %s ms since step %d",
                        passed, run.usualGapMillis(), run.step()),
                Evidence.alone(
                        0,
                        gaps,
                        passed,
                        Map.of(
                                "step", (double) run.step(),
                                "usualGapMillis", run.usualGapMillis(),
                                "idleMillis", run.idleMillis())));
    }
}
