package io.couplet.scores.coupling;

/** Sums over the values that report: NaN stands for a missing cell. */
final class Means {

    private Means() {}

    static int count(double[] values) {
        int n = 0;
        for (double value : values) {
            n += Double.isNaN(value) ? 0 : 1;
        }
        return n;
    }

    /** The mean of the values that are no NaN; NaN when there is none. */
    static double of(double[] values) {
        double sum = 0;
        int n = 0;
        for (double value : values) {
            if (!Double.isNaN(value)) {
                sum += value;
                n++;
            }
        }
        return n == 0 ? Double.NaN : sum / n;
    }

    /** The sum of squared deviations from {@link #of} over the values that are no NaN. */
    static double deviations(double[] values) {
        double mean = of(values);
        double sum = 0;
        for (double value : values) {
            sum += Double.isNaN(value) ? 0 : (value - mean) * (value - mean);
        }
        return sum;
    }

    static double[] column(double[][] values, int j) {
        double[] column = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            column[i] = values[i][j];
        }
        return column;
    }

    static double[] flat(double[][] values) {
        return java.util.Arrays.stream(values)
                .flatMapToDouble(java.util.Arrays::stream)
                .toArray();
    }
}
