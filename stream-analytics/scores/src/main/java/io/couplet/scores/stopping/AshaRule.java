package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Asynchronous successive halving (Li et al., MLSys 2020) as Ray Tune's AsyncHyperBandScheduler has it, with one bracket. Milestones stand at {@code grace ·
 * factorᵏ} of the budget. A value counts at the highest milestone it has passed and the run has none at yet; the run stops when its value is below the
 * {@code 1 − 1/factor} quantile of the values that others had there before. Nothing is waited for, so the first ones pass.
 *
 * @param grace the first milestone, a share of the budget
 * @param factor one in so many goes on
 * @param peers how many values of others it takes; 1 is Ray Tune's rule
 */
public record AshaRule(double grace, double factor, int peers) implements CohortRule {

    public AshaRule {
        Options.requireFraction("grace", grace);
        Options.requireAbove("factor", 1, factor);
        Options.requireAtLeast("peers", 1, peers);
    }

    @Override
    public String name() {
        return "asha";
    }

    @Override
    public int version() {
        return 1;
    }

    @Override
    public Decision decide(StudySoFar study, Curve run, Point newest) {
        if (newest.fraction() >= 1 - Curve.SAME) {
            return StoppingRule.keep("its budget is spent");
        }
        Map<Double, Double> own = recorded(run.judged(), 1);
        double milestone = milestone(newest, own);
        if (Double.isNaN(milestone)) {
            return StoppingRule.keep("at %s of the budget it passed no new milestone", newest.fraction());
        }
        List<Curve> compared = new ArrayList<>();
        List<Double> values = new ArrayList<>();
        for (Curve other : study.cohort(run)) {
            Double value = recorded(other.judged(), 0).get(milestone);
            if (value != null && !other.runId().equals(run.runId())) {
                compared.add(other);
                values.add(value);
            }
        }
        if (compared.size() < peers) {
            return StoppingRule.keep(
                    "%d peers have a value at the milestone %s, it takes %d", compared.size(), milestone, peers);
        }
        double cutoff = Quantiles.linear(values, 1 - 1 / factor);
        Metric metric = study.metric();
        if (!(newest.value() < cutoff)) {
            return StoppingRule.keep(
                    "%s at the milestone %s is not below the cutoff %s of %d peers",
                    metric.text(newest.value()), milestone, metric.text(cutoff), compared.size());
        }
        return new Decision.Stop(
                name(),
                version(),
                StoppingRule.sentence(
                        "%s at the milestone %s is not among the best 1 in %s of %d peers: their cutoff is %s",
                        metric.text(newest.value()), milestone, factor, compared.size(), metric.text(cutoff)),
                Evidence.among(newest.rung(), metric.reported(cutoff), metric.reported(newest.value()), compared));
    }

    /** Values by milestone of a run's points but the newest ones, as they are recorded when they come. */
    private Map<Double, Double> recorded(List<Point> points, int without) {
        Map<Double, Double> recorded = new LinkedHashMap<>();
        for (Point point : points.subList(0, points.size() - without)) {
            double milestone = milestone(point, recorded);
            if (!Double.isNaN(milestone)) {
                recorded.put(milestone, point.value());
            }
        }
        return recorded;
    }

    /** The highest milestone that the point has passed and that is not yet taken; NaN for none. */
    private double milestone(Point point, Map<Double, Double> taken) {
        int milestones = (int) (Math.log(1 / grace) / Math.log(factor) + Curve.SAME) + 1;
        for (int k = milestones - 1; k >= 0; k--) {
            double milestone = grace * Math.pow(factor, k);
            if (point.fraction() >= milestone - Curve.SAME && !taken.containsKey(milestone)) {
                return milestone;
            }
        }
        return Double.NaN;
    }
}
