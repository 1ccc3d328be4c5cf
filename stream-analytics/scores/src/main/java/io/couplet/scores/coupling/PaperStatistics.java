package io.couplet.scores.coupling;

import java.util.Arrays;

/**
 * A backbone's mean, population standard deviation and range over the optimizers, in percentage points, as arXiv:2410.06373 gives them.
 *
 * <p>The paper's text removes the worst result. Its printed rows are something else: mean and standard deviation without the worst one and the
 * best two, range without the worst one. Both are here; {@code RATIONALE.md} has the evidence.
 *
 * @param mean without the worst result; NaN with fewer than two results
 * @param std population standard deviation without the worst result; NaN with fewer than three
 * @param range without the worst result; NaN with fewer than three
 * @param printedMean without the worst one and the best two; NaN with fewer than four results
 * @param printedStd likewise; NaN with fewer than five
 * @param printedRange as {@code range}, before rounding to whole points
 * @param results how many results there were
 */
public record PaperStatistics(
        double mean,
        double std,
        double range,
        double printedMean,
        double printedStd,
        double printedRange,
        int results) {

    /** The paper's γ on CIFAR-100, in percentage points. */
    public static final double GAMMA = 3;

    /**
     * Statistics of one backbone.
     *
     * @param points its results in percentage points, NaN where missing
     */
    static PaperStatistics of(double[] points) {
        double[] sorted = known(points);
        int n = sorted.length;
        double[] text = n < 2 ? new double[0] : Arrays.copyOfRange(sorted, 1, n);
        double[] printed = n < 4 ? new double[0] : Arrays.copyOfRange(sorted, 1, n - 2);
        double range = text.length < 2 ? Double.NaN : text[text.length - 1] - text[0];
        return new PaperStatistics(
                Means.of(text),
                populationDeviation(text),
                range,
                Means.of(printed),
                populationDeviation(printed),
                range,
                n);
    }

    /**
     * The bound of the paper's equation 1: a result below {@code max(R) − min(Q₀.₇₅(R) − Q₀.₂₅(R), γ)} is a failure. Quantiles interpolate linearly (Hyndman
     * and Fan's type 7).
     *
     * @param points a backbone's results in percentage points, NaN where missing
     * @return the bound in percentage points; NaN, below which nothing lies, with fewer than two results
     */
    static double failureBound(double[] points, double gamma) {
        double[] sorted = known(points);
        if (sorted.length < 2) {
            return Double.NaN;
        }
        double spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
        return sorted[sorted.length - 1] - Math.min(spread, gamma);
    }

    /** Quantile of values in ascending order, at least one, interpolated linearly (type 7). */
    static double quantile(double[] sorted, double p) {
        double at = p * (sorted.length - 1);
        int below = (int) Math.floor(at);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    private static double populationDeviation(double[] values) {
        return values.length < 2 ? Double.NaN : Math.sqrt(Means.deviations(values) / values.length);
    }

    private static double[] known(double[] values) {
        return Arrays.stream(values).filter(v -> !Double.isNaN(v)).sorted().toArray();
    }
}
