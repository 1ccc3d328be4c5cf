package io.couplet.scores.stopping;

import java.util.List;

/** Quantiles with linear interpolation between order statistics: R's type 7, numpy's default. */
final class Quantiles {

    private Quantiles() {}

    /** The quantile of the values that are numbers; NaN when none is. */
    static double linear(List<Double> values, double share) {
        double[] sorted = values.stream()
                .mapToDouble(Double::doubleValue)
                .filter(each -> !Double.isNaN(each))
                .sorted()
                .toArray();
        if (sorted.length == 0) {
            return Double.NaN;
        }
        double at = share * (sorted.length - 1);
        int below = (int) Math.floor(at);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
