package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import java.util.ArrayList;
import java.util.List;

/**
 * The median stopping rule (Golovin et al., Google Vizier, KDD 2017) as Ray Tune has it: stops a run whose best value so far is below the median, over the
 * peers that came at least as far, of their mean values from the grace period to now.
 *
 * @param grace the share of the budget before which nothing is stopped and from which means are taken
 * @param peers how many peers it takes
 */
public record MedianRule(double grace, int peers) implements CohortRule {

    public MedianRule {
        Options.requireFraction("grace", grace);
        Options.requireAtLeast("peers", 1, peers);
    }

    @Override
    public String name() {
        return "median";
    }

    @Override
    public int version() {
        return 1;
    }

    @Override
    public Decision decide(StudySoFar study, Curve run, Point newest) {
        if (newest.fraction() < grace - Curve.SAME) {
            return StoppingRule.keep("%s of the budget is within the grace of %s", newest.fraction(), grace);
        }
        List<Curve> compared = new ArrayList<>();
        List<Double> means = new ArrayList<>();
        for (Curve other : study.cohort(run)) {
            double mean = meanUntil(other, newest.fraction());
            boolean asFar = other.newest()
                    .map(point -> point.fraction() >= newest.fraction() - Curve.SAME)
                    .orElse(false);
            if (asFar && !other.runId().equals(run.runId()) && !Double.isNaN(mean)) {
                compared.add(other);
                means.add(mean);
            }
        }
        if (compared.size() < peers) {
            return StoppingRule.keep("%d peers came this far, it takes %d", compared.size(), peers);
        }
        double median = Quantiles.linear(means, 0.5);
        double best = run.best();
        if (median <= best) {
            return StoppingRule.keep(
                    "its best %s is no worse than the median %s of %d peers",
                    study.metric().text(best), study.metric().text(median), compared.size());
        }
        return new Decision.Stop(
                name(),
                version(),
                StoppingRule.sentence(
                        "its best %s is worse than %s, the median of %d peers' means up to %s of the budget",
                        study.metric().text(best), study.metric().text(median), compared.size(), newest.fraction()),
                Evidence.among(
                        newest.rung(),
                        study.metric().reported(median),
                        study.metric().reported(best),
                        compared));
    }

    private double meanUntil(Curve curve, double fraction) {
        double sum = 0;
        int count = 0;
        for (Point point : curve.points()) {
            if (point.fraction() >= grace - Curve.SAME && point.fraction() <= fraction + Curve.SAME) {
                sum += point.value();
                count++;
            }
        }
        return count == 0 ? Double.NaN : sum / count;
    }
}
