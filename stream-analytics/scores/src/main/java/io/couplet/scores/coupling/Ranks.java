package io.couplet.scores.coupling;

import java.util.Arrays;

/** Ranks, 1 for the least value; NaN has no rank. */
public final class Ranks {

    private Ranks() {}

    /** Ties share their mean rank. */
    static double[] ascending(double[] values) {
        double[] ranks = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            double below = 0;
            double equal = 0;
            for (double other : values) {
                below += other < values[i] ? 1 : 0;
                equal += other == values[i] ? 1 : 0;
            }
            ranks[i] = Double.isNaN(values[i]) ? Double.NaN : below + (equal + 1) / 2;
        }
        return ranks;
    }

    static double[] descending(double[] values) {
        double[] negated = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            negated[i] = -values[i];
        }
        return ascending(negated);
    }

    /** Ties share a rank and the next value takes the next, as the ranks of robustness and cost in the paper's Table 4. */
    public static double[] dense(double[] values) {
        double[] distinct = Arrays.stream(values)
                .filter(v -> !Double.isNaN(v))
                .sorted()
                .distinct()
                .toArray();
        double[] ranks = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            ranks[i] = Double.isNaN(values[i]) ? Double.NaN : Arrays.binarySearch(distinct, values[i]) + 1;
        }
        return ranks;
    }
}
