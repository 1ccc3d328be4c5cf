package io.couplet.trainer.statistics;

import java.util.Arrays;
import java.util.Optional;

/**
 * A power law p(x) ~ x^−alpha fitted to the tail of a sample: maximum likelihood above each candidate for where the tail begins, and of these the one
 * whose distribution is nearest to the sample's by the Kolmogorov–Smirnov distance (Clauset, Shalizi and Newman 2009, SIAM Review 51, eq. 3.1 and
 * 3.9). As in WeightWatcher's own fit (Martin, Peng and Mahoney 2021, Nature Communications 12), every value but the largest is a candidate, and the sample's
 * distribution function at the i-th of n tail values is i/n, counted from 0.
 *
 * @param alpha above 1
 * @param xmin where the tail begins
 * @param distance Kolmogorov–Smirnov, in [0, 1]
 * @param tail values in the tail
 */
record PowerLaw(double alpha, double xmin, double distance, int tail) {

    /**
     * @param sample finite and above 0; ordered here
     * @return empty when all values are the same, or fewer than two
     */
    static Optional<PowerLaw> fit(double[] sample) {
        double[] x = sample.clone();
        Arrays.sort(x);
        int size = x.length;
        double[] logs = new double[size];
        for (int i = 0; i < size; i++) {
            logs[i] = Math.log(x[i]);
        }
        PowerLaw best = null;
        double logsAbove = 0;
        for (int i = size - 1; i >= 0; i--) {
            logsAbove += logs[i];
            int tail = size - i;
            double excess = logsAbove - tail * logs[i];
            if (tail < 2 || !(excess > 1e-12)) {
                continue;
            }
            double alpha = 1 + tail / excess;
            double distance = distance(logs, i, alpha);
            if (best == null || distance <= best.distance) {
                best = new PowerLaw(alpha, x[i], distance, tail);
            }
        }
        return Optional.ofNullable(best);
    }

    private static double distance(double[] logs, int from, double alpha) {
        int tail = logs.length - from;
        double largest = 0;
        for (int i = 0; i < tail; i++) {
            double fitted = 1 - Math.exp((1 - alpha) * (logs[from + i] - logs[from]));
            largest = Math.max(largest, Math.abs(fitted - (double) i / tail));
        }
        return largest;
    }
}
