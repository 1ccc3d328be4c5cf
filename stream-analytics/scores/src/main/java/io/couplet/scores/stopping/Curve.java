package io.couplet.scores.stopping;

import java.util.List;
import java.util.Optional;

/**
 * One run as its cohort knows it: its values at the rungs so far.
 *
 * @param runId the run
 * @param backbone its backbone: runs of other backbones are never compared with it
 * @param optimizer its optimizer
 * @param warmupFraction the share of the budget that is learning-rate warm-up; nothing is judged inside it
 * @param points its values, ascending in rung
 * @param state whether it still trains
 */
public record Curve(
        String runId, String backbone, String optimizer, double warmupFraction, List<Point> points, State state) {

    /** Two fractions this close are the same one. */
    static final double SAME = 1e-9;

    /** Where a run is in its life. */
    public enum State {
        TRAINING,
        COMPLETED,
        /** Ended before its budget, for whatever reason. */
        ENDED
    }

    /**
     * A value at a rung.
     *
     * @param rung its number, from 1
     * @param fraction the share of the budget it stands at, in (0, 1]
     * @param value more is better; may be NaN when the run diverged
     */
    public record Point(int rung, double fraction, double value) {
        public Point {
            if (rung < 1) {
                throw new IllegalArgumentException("rung must be at least 1, was " + rung);
            }
            if (!(fraction > 0 && fraction <= 1 + SAME)) {
                throw new IllegalArgumentException("fraction must be in (0, 1], was " + fraction);
            }
        }
    }

    public Curve {
        points = List.copyOf(points);
        for (int i = 1; i < points.size(); i++) {
            if (points.get(i).rung() <= points.get(i - 1).rung()) {
                throw new IllegalArgumentException(runId + ": rungs must ascend, were "
                        + points.get(i - 1).rung() + ", " + points.get(i).rung());
            }
        }
    }

    /** Whether a point stands inside the warm-up, where nothing is judged. */
    boolean warmsUp(Point point) {
        return warmupFraction > 0 && point.fraction() <= warmupFraction + SAME;
    }

    /** The points after the warm-up. */
    List<Point> judged() {
        return points.stream().filter(point -> !warmsUp(point)).toList();
    }

    Optional<Point> newest() {
        return points.isEmpty() ? Optional.empty() : Optional.of(points.get(points.size() - 1));
    }

    Optional<Point> at(int rung) {
        for (Point point : points) {
            if (point.rung() == rung) {
                return Optional.of(point);
            }
        }
        return Optional.empty();
    }

    /** Whether it has a value at this rung or a later one. */
    boolean reached(int rung) {
        return !points.isEmpty() && points.get(points.size() - 1).rung() >= rung;
    }

    /** The value at the end of its budget, of a run that got there. */
    Optional<Point> last() {
        return state == State.COMPLETED ? newest() : Optional.empty();
    }

    boolean trains() {
        return state == State.TRAINING;
    }

    double best() {
        double best = Double.NEGATIVE_INFINITY;
        for (Point point : points) {
            best = Math.max(best, Double.isNaN(point.value()) ? Double.NEGATIVE_INFINITY : point.value());
        }
        return best;
    }

    static List<String> ids(List<Curve> curves) {
        return curves.stream().map(Curve::runId).toList();
    }
}
