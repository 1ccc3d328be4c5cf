package io.couplet.scores.coupling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Intervals of the three shares of variance by {@value #DRAWS} draws from a generator whose seed is a hash of the table's values in ascending order: the same
 * table gives the same interval, to the last bit, and one with its rows and columns in another order the same up to rounding.
 */
final class ShareIntervals {

    static final int DRAWS = 400;
    /** Fewer backbones or optimizers than this say nothing of others. */
    static final int LEAST_SIDE = 4;

    private static final long MOST_VISITS = 1_000_000_000;
    private static final int BISECTIONS = 45;

    private ShareIntervals() {}

    /**
     * From the cells' errors: a parametric bootstrap of the sums of squares, inverted (generalised confidence interval, Weerahandi 1993, JASA 88). A sum over the
     * error variance is noncentral χ² with the noiseless sum over that variance as its noncentrality; each draw takes an error variance from its
     * scaled χ², then solves for the three noncentralities (Sankaran's normal approximation, Biometrika 46, 1959). The interval is of the shares that the
     * table would have without errors, so it can lie beside the share that was seen.
     *
     * @param sums sums of squares of backbone, optimizer, interaction
     * @param freedoms their degrees of freedom
     * @param variance mean error variance of a cell
     * @param errorFreedom degrees of freedom of that variance; 0 when it is known
     */
    static Estimate[] fromErrors(
            double[] sums, int[] freedoms, double[] shares, double variance, int errorFreedom, long seed) {
        if (variance == 0) {
            return estimates(shares, new double[][] {{shares[0]}, {shares[1]}, {shares[2]}});
        }
        SplittableRandom random = new SplittableRandom(seed);
        double[][] drawn = new double[3][DRAWS];
        for (int draw = 0; draw < DRAWS; draw++) {
            double error = errorFreedom == 0 ? variance : variance * errorFreedom / chiSquared(errorFreedom, random);
            double total = 0;
            for (int k = 0; k < 3; k++) {
                drawn[k][draw] = noncentrality(sums[k] / error, freedoms[k], random.nextGaussian());
                total += drawn[k][draw];
            }
            for (int k = 0; k < 3; k++) {
                // A draw in which all is noise leaves the shares open: one end, then the other.
                drawn[k][draw] = total > 0 ? drawn[k][draw] / total : draw % 2;
            }
        }
        return estimates(shares, drawn);
    }

    /** The λ at which a noncentral χ² of these degrees of freedom stands {@code z} standard deviations below {@code x}; 0 when even 0 stands higher. */
    private static double noncentrality(double x, int freedom, double z) {
        if (standardScore(x, freedom, 0) <= z) {
            return 0;
        }
        double low = 0;
        double high = x + 10 * Math.sqrt(x + freedom) + 50;
        for (int i = 0; i < BISECTIONS; i++) {
            double middle = (low + high) / 2;
            if (standardScore(x, freedom, middle) > z) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static double standardScore(double x, double k, double lambda) {
        double mean = k + lambda;
        double spread = k + 2 * lambda;
        double h = 1 - 2 * mean * (k + 3 * lambda) / (3 * spread * spread);
        double p = spread / (mean * mean);
        double m = (h - 1) * (1 - 3 * h);
        return (Math.pow(x / mean, h) - (1 + h * p * (h - 1 - 0.5 * (2 - h) * m * p)))
                / (h * Math.sqrt(2 * p) * (1 + 0.5 * m * p));
    }

    /** Marsaglia and Tsang 2000, ACM TOMS 26; below 2 degrees of freedom by the power of a uniform. */
    private static double chiSquared(int freedom, SplittableRandom random) {
        double shape = freedom / 2.0;
        double boost = shape < 1 ? Math.pow(1 - random.nextDouble(), 1 / shape) : 1;
        double d = (shape < 1 ? shape + 1 : shape) - 1 / 3.0;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double z = random.nextGaussian();
            double v = Math.pow(1 + c * z, 3);
            if (v > 0 && Math.log(1 - random.nextDouble()) < z * z / 2 + d - d * v + d * Math.log(v)) {
                return 2 * d * v * boost;
            }
        }
    }

    /**
     * From the grid alone, when nothing is known of errors: what the shares would be with other backbones and optimizers like these. Backbones and
     * optimizers are drawn with replacement (pigeonhole bootstrap, Owen 2007, Annals of Applied Statistics 1); the interval is of percentiles.
     */
    static Estimate[] fromGrid(double[][] values, Incidence incidence, double[] shares, long seed) {
        if (incidence.rows() < LEAST_SIDE || incidence.columns() < LEAST_SIDE) {
            return estimates(shares, new double[3][0]);
        }
        int m = values[0].length;
        double[][] byColumn = new double[m][];
        for (int j = 0; j < m; j++) {
            byColumn[j] = Means.column(values, j);
        }
        Integer[] rows = canonical(values);
        Integer[] columns = canonical(byColumn);
        SplittableRandom random = new SplittableRandom(seed);
        List<double[]> drawn = new ArrayList<>();
        double mean = Means.of(Means.flat(values));
        for (int draw = 0; draw < DRAWS; draw++) {
            int[] times = resampled(rows, values.length, random);
            int[] across = resampled(columns, m, random);
            double[] sums = new Weighted(values, times, across, mean).sums(incidence.isComplete());
            double total = sums[0] + sums[1] + sums[2];
            if (total > 0) {
                drawn.add(new double[] {sums[0] / total, sums[1] / total, sums[2] / total});
            }
        }
        double[][] parts = new double[3][drawn.size()];
        for (int draw = 0; draw < drawn.size(); draw++) {
            for (int k = 0; k < 3; k++) {
                parts[k][draw] = drawn.get(draw)[k];
            }
        }
        return estimates(shares, parts);
    }

    /** How often each of those that report is drawn. */
    private static int[] resampled(Integer[] canonical, int length, SplittableRandom random) {
        int[] times = new int[length];
        for (int i = 0; i < canonical.length; i++) {
            times[canonical[random.nextInt(canonical.length)]]++;
        }
        return times;
    }

    /** The rows that report, in an order that depends on their values only. */
    private static Integer[] canonical(double[][] rows) {
        double[][] sorted = new double[rows.length][];
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < rows.length; i++) {
            sorted[i] = Arrays.stream(rows[i])
                    .filter(v -> !Double.isNaN(v))
                    .sorted()
                    .toArray();
            if (sorted[i].length > 0) {
                order.add(i);
            }
        }
        order.sort(Comparator.comparing(i -> sorted[i], Arrays::compare));
        return order.toArray(Integer[]::new);
    }

    /** Sums of squares of a table whose rows and columns count a number of times. */
    private record Weighted(double[][] values, int[] times, int[] across, double shift) {

        double[] sums(boolean complete) {
            double[] rows = new double[values.length];
            double[] columns = new double[across.length];
            long visits = (long) rows.length * columns.length * DRAWS * 2;
            int sweeps = complete ? 1 : (int) Math.max(8, Math.min(500, MOST_VISITS / visits));
            double[] plainRows = rows;
            double[] plainColumns = columns;
            for (int sweep = 0; sweep < sweeps; sweep++) {
                double[] before = columns;
                rows = rowMeans(columns);
                columns = columnMeans(rows);
                if (sweep == 0) {
                    plainRows = rows;
                    plainColumns = columnMeans(new double[rows.length]);
                }
                if (moved(before, columns) < 1e-9) {
                    break;
                }
            }
            double rest = squares(rows, columns);
            double[] none = new double[rows.length];
            double backbone = squares(none, plainColumns) - rest;
            double optimizer = squares(plainRows, new double[columns.length]) - rest;
            return new double[] {Math.max(0, backbone), Math.max(0, optimizer), rest};
        }

        private static double moved(double[] before, double[] after) {
            double moved = 0;
            for (int j = 0; j < after.length; j++) {
                moved = Math.max(moved, Math.abs(after[j] - before[j]));
            }
            return moved;
        }

        private double[] rowMeans(double[] columns) {
            double[] means = new double[values.length];
            for (int i = 0; i < means.length; i++) {
                double sum = 0;
                int count = 0;
                for (int j = 0; times[i] > 0 && j < columns.length; j++) {
                    if (across[j] > 0 && !Double.isNaN(values[i][j])) {
                        sum += across[j] * (values[i][j] - shift - columns[j]);
                        count += across[j];
                    }
                }
                means[i] = count == 0 ? 0 : sum / count;
            }
            return means;
        }

        private double[] columnMeans(double[] rows) {
            double[] sums = new double[across.length];
            int[] counts = new int[across.length];
            for (int i = 0; i < rows.length; i++) {
                for (int j = 0; times[i] > 0 && j < sums.length; j++) {
                    if (!Double.isNaN(values[i][j])) {
                        sums[j] += times[i] * (values[i][j] - shift - rows[i]);
                        counts[j] += times[i];
                    }
                }
            }
            for (int j = 0; j < sums.length; j++) {
                sums[j] = counts[j] == 0 ? 0 : sums[j] / counts[j];
            }
            return sums;
        }

        private double squares(double[] rows, double[] columns) {
            double sum = 0;
            for (int i = 0; i < rows.length; i++) {
                for (int j = 0; times[i] > 0 && j < columns.length; j++) {
                    if (across[j] > 0 && !Double.isNaN(values[i][j])) {
                        double r = values[i][j] - shift - rows[i] - columns[j];
                        sum += times[i] * across[j] * r * r;
                    }
                }
            }
            return sum;
        }
    }

    private static Estimate[] estimates(double[] shares, double[][] drawn) {
        Estimate[] estimates = new Estimate[3];
        for (int k = 0; k < 3; k++) {
            double[] sorted = drawn[k].clone();
            Arrays.sort(sorted);
            estimates[k] = sorted.length == 0
                    ? new Estimate(shares[k], Double.NaN, Double.NaN)
                    : new Estimate(
                            shares[k],
                            PaperStatistics.quantile(sorted, 0.025),
                            PaperStatistics.quantile(sorted, 0.975));
        }
        return estimates;
    }

    /** A hash of the values in ascending order. */
    static long seed(double[][] values) {
        double[] sorted = Means.flat(values);
        Arrays.sort(sorted);
        long hash = 0x9E3779B97F4A7C15L;
        for (double value : sorted) {
            hash = (hash ^ Double.doubleToLongBits(value)) * 0xFF51AFD7ED558CCDL;
            hash ^= hash >>> 32;
        }
        return hash;
    }
}
