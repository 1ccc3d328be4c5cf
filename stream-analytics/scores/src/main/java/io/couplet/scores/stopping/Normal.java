package io.couplet.scores.stopping;

import org.apache.commons.statistics.distribution.NormalDistribution;

/** The standard normal distribution. */
final class Normal {

    private static final NormalDistribution STANDARD = NormalDistribution.of(0, 1);

    private Normal() {}

    /** The mean of what a normal value is above zero: {@code E max(0, X)} for X with this mean and standard deviation. */
    static double meanAbove(double mean, double deviation) {
        if (!(deviation > 0)) {
            return Math.max(0, mean);
        }
        double z = mean / deviation;
        return deviation * STANDARD.density(z) + mean * STANDARD.cumulativeProbability(z);
    }

    static double quantile(double probability) {
        return STANDARD.inverseCumulativeProbability(probability);
    }
}
