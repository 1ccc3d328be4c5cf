package io.couplet.scores.coupling;

/** Ranks with ties at their mean rank, 1 for the least value; NaN has no rank. */
final class Ranks {

    private Ranks() {}

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
}
