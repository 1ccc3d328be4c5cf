package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import java.util.List;

/**
 * A run that ran to its end, as it was recorded.
 *
 * @param runId the run
 * @param backbone its backbone
 * @param optimizer its optimizer
 * @param budget the steps of its budget
 * @param steps the steps it took to its last point: the budget, or less when it ended before
 * @param warmupFraction the share of the budget that was warm-up; 0 when unknown
 * @param points its values at the rungs, oriented; the last one is its result
 */
public record Recorded(
        String runId,
        String backbone,
        String optimizer,
        double budget,
        double steps,
        double warmupFraction,
        List<Point> points) {

    public Recorded {
        points = List.copyOf(points);
        if (points.isEmpty()) {
            throw new IllegalArgumentException(runId + " has no points");
        }
        if (!(steps > 0)) {
            throw new IllegalArgumentException(runId + ": steps must be above 0, was " + steps);
        }
    }

    /** The value it ended with. */
    public double result() {
        return points.get(points.size() - 1).value();
    }

    /** The steps it had taken at a share of its budget. */
    double stepsAt(double fraction) {
        return Math.min(steps, fraction * budget);
    }
}
