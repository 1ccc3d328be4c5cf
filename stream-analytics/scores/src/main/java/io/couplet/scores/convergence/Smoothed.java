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
        return effectiveCount(weight, squaredWeight);
    }

    private static double effectiveCount(double weight, double squaredWeight) {
        return weight == 0 ? 0 : weight * weight / squaredWeight;
    }

    /** The sample standard deviation under reliability weights; NaN below two values' worth of weight. */
    public double standardDeviation() {
        return standardDeviation(weight, squaredWeight, deviations);
    }

    private static double standardDeviation(double weight, double squaredWeight, double deviations) {
        double freedom = weight == 0 ? 0 : weight - squaredWeight / weight;
        return effectiveCount(weight, squaredWeight) < 1.5 || freedom <= 0
                ? Double.NaN
                : Math.sqrt(Math.max(0, deviations) / freedom);
    }

    /** A mean that takes values in place. */
    static final class Fold {
        private double weight;
        private double squaredWeight;
        private double mean;
        private double deviations;

        Fold(Smoothed from) {
            set(from);
        }

        final void set(Smoothed from) {
            weight = from.weight;
            squaredWeight = from.squaredWeight;
            mean = from.mean;
            deviations = from.deviations;
        }

        /** Takes {@code value} after all weights so far were multiplied by {@code decay}. */
        void plus(double value, double decay) {
            double delta = value - mean;
            weight = weight * decay + 1;
            squaredWeight = squaredWeight * decay * decay + 1;
            mean += delta / weight;
            deviations = deviations * decay + delta * (value - mean);
        }

        double mean() {
            return mean;
        }

        double effectiveCount() {
            return Smoothed.effectiveCount(weight, squaredWeight);
        }

        double standardDeviation() {
            return Smoothed.standardDeviation(weight, squaredWeight, deviations);
        }

        Smoothed value() {
            return new Smoothed(weight, squaredWeight, mean, deviations);
        }
    }
}
