package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import java.util.Map;

/**
 * Stops a run that has what was wanted.
 *
 * @param value the value wanted, as it is reported
 */
public record TargetRule(double value) implements CohortRule {

    public TargetRule {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("value must be a number, was " + value);
        }
    }

    @Override
    public String name() {
        return "target";
    }

    @Override
    public int version() {
        return 1;
    }

    @Override
    public Decision decide(StudySoFar study, Curve run, Point newest) {
        Metric metric = study.metric();
        if (!(newest.value() >= metric.oriented(value))) {
            return StoppingRule.keep("%s is short of the target %s", metric.text(newest.value()), value);
        }
        return new Decision.Stop(
                name(),
                version(),
                StoppingRule.sentence("%s reaches the target %s", metric.text(newest.value()), value),
                Evidence.alone(newest.rung(), value, metric.reported(newest.value()), Map.of()));
    }
}
