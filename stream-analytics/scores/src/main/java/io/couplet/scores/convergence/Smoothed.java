package io.couplet.scores.convergence;

/**
 * Exponentially weighted mean and variance of a series, unbiased from its first value.
 *
 * <p>A value's weight is {@code 2^(-age / half-life)} and the mean is divided by the sum of the weights, which for steps one apart is Adam's bias
 * correction (Kingma and Ba 2015, section 3). Mean and squared deviations are updated by West's weighted recurrence (Communications of the
 * ACM 22(9), 1979), which does not cancel.
 *
 * @param weight the sum of the weights; 0 before the first value
 * @param squaredWeight the sum of the squared weights
 * @param mean the weighted mean; 0 before the first value
 * @param deviations the weighted sum of squared deviations from the mean
 */
public record Smoothed(double weight, double squaredWeight, double mean, double deviations) {

    public static final Smoothed EMPTY = new Smoothed(0, 0, 0, 0);

    /** The next state after {@code value}, when all weights so far are multiplied by {@code decay} first. */
    Smoothed plus(double value, double decay) {
        double nextWeight = weight * decay + 1;
        double delta = value - mean;
        double nextMean = mean + delta / nextWeight;
        return new Smoothed(
                nextWeight,
                squaredWeight * decay * decay + 1,
                nextMean,
                deviations * decay + delta * (value - nextMean));
    }

    /** True before the first value. */
    public boolean isEmpty() {
        return weight == 0;
    }

    /** The weighted mean; NaN before the first value. */
    public double meanOrNaN() {
        return isEmpty() ? Double.NaN : mean;
    }

    /** The number of equally weighted values that would know as much: {@code (Σw)² / Σw²} (Kish 1965). */
    public double effectiveCount() {
        return isEmpty() ? 0 : weight * weight / squaredWeight;
    }

    /** The sample standard deviation under reliability weights; NaN below two values' worth of weight. */
    public double standardDeviation() {
        double freedom = isEmpty() ? 0 : weight - squaredWeight / weight;
        return effectiveCount() < 1.5 || freedom <= 0 ? Double.NaN : Math.sqrt(Math.max(0, deviations) / freedom);
    }
}
