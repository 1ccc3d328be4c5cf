package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import java.util.Map;

/**
 * Stops a run whose best value has not risen for a while.
 *
 * @param patience the share of the budget that may pass without a rise
 * @param gain how much a rise must be, in the metric's unit; 0 for any
 */
public record PlateauRule(double patience, double gain) implements CohortRule {

    public PlateauRule {
        if (!(patience > 0 && patience < 1)) {
            throw new IllegalArgumentException("patience must be between 0 and 1, was " + patience);
        }
        if (!(gain >= 0)) {
            throw new IllegalArgumentException("gain must be at least 0, was " + gain);
        }
    }

    @Override
    public String name() {
        return "plateau";
    }

    @Override
    public int version() {
        return 1;
    }

    @Override
    public Decision decide(StudySoFar study, Curve run, Point newest) {
        double best = Double.NEGATIVE_INFINITY;
        double at = Double.NaN;
        for (Point point : run.judged()) {
            if (Double.isNaN(at) || point.value() > best + gain) {
                best = Double.isNaN(point.value()) ? best : point.value();
                at = point.fraction();
            }
        }
        double waited = newest.fraction() - at;
        if (waited < patience - Curve.SAME) {
            return StoppingRule.keep("its best is %s of the budget old, patience is %s", waited, patience);
        }
        return new Decision.Stop(
                name(),
                version(),
                StoppingRule.sentence(
                        "no value better than %s since %s of the budget, now at %s: patience is %s",
                        study.metric().text(best), at, newest.fraction(), patience),
                Evidence.alone(
                        newest.rung(),
                        patience,
                        waited,
                        Map.of("best", study.metric().reported(best), "bestAt", at)));
    }
}
