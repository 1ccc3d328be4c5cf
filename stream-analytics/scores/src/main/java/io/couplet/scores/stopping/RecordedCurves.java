package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import java.util.ArrayList;
import java.util.List;

/** Turns evaluations as they were recorded, at whatever steps, into values at rungs, where runs can be compared. */
public final class RecordedCurves {

    /** A rung's value is the mean of the evaluations in the last fifth of the way to it, at most this share of the budget. */
    static final double WINDOW = 0.05;

    private static final double LAST_SHARE = 0.2;

    private RecordedCurves() {}

    /**
     * An evaluation.
     *
     * @param step the steps before it
     * @param value what was measured, as the metric is reported
     */
    public record Value(double step, double value) {}

    /**
     * A run at rungs. The value at a rung is the mean of the evaluations since {@code rung − min(rung/5, 0.05)}, so that one noisy epoch decides nothing; where there
     * is none, the last one before. The last point is the last evaluation by itself. A rung before the first evaluation has no value.
     *
     * @param rungs shares of the budget, ascending, the last one 1
     * @param budget the steps of the budget; the run may end before, when it reaches a target; behind its end it keeps its last value
     * @param values its evaluations, ascending in step, at least one
     */
    public static Recorded at(
            double[] rungs,
            String runId,
            String backbone,
            String optimizer,
            double budget,
            double warmupFraction,
            List<Value> values,
            Metric metric) {
        double end = Math.min(budget, values.get(values.size() - 1).step());
        double last = values.get(0).value();
        for (Value value : values) {
            last = value.step() <= budget ? value.value() : last;
        }
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < rungs.length - 1; i++) {
            double to = rungs[i] * budget;
            double from = to - Math.min(LAST_SHARE * to, WINDOW * budget);
            double value = mean(values, from, to);
            if (!Double.isNaN(value)) {
                points.add(new Point(i + 1, rungs[i], metric.oriented(to < end ? value : last)));
            }
        }
        points.add(new Point(rungs.length, 1, metric.oriented(last)));
        return new Recorded(runId, backbone, optimizer, budget, end, warmupFraction, points);
    }

    private static double mean(List<Value> values, double from, double to) {
        double sum = 0;
        int count = 0;
        double before = Double.NaN;
        for (Value value : values) {
            if (value.step() <= to + Curve.SAME) {
                before = value.value();
                if (value.step() > from + Curve.SAME) {
                    sum += value.value();
                    count++;
                }
            }
        }
        return count == 0 ? before : sum / count;
    }
}
