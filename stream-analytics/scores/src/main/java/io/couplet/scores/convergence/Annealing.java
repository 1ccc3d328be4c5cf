package io.couplet.scores.convergence;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The law of a loss under a learning rate that is annealed: {@code loss = floor + scale · A^(−exponent) − gain · (1 − η/η₀)} with all three at least 0, where {@code A} is the integral of the
 * learning rate η over its peak η₀ (after Tissue et al. 2024, arXiv:2408.11029, with a decay that acts at once).
 *
 * <p>Alone it promises too much: the gain is learned while the rate is high and is less at the end. The power law in steps promises too little. {@link #of} takes the mean of both.
 */
final class Annealing {

    /** Four parameters and at least three degrees of freedom. */
    private static final int FEWEST = 7;
    /** Before the rate has fallen by this share the gain cannot be told. */
    private static final double FALLEN = 0.05;

    private static final int TERMS = 3;
    private static final double SINGULAR = 1e-10;

    private Annealing() {}

    /**
     * The forecast for a cosine schedule.
     *
     * @param power the power law's forecast of the same points
     * @param points steps counted from the beginning of the run
     * @param noise as in {@link Forecast#of}
     */
    static Forecast of(Forecast power, Blocks.Points points, double warmupSteps, double budgetSteps, double noise) {
        int n = points.size();
        if (power.law() == Forecast.Law.NONE) {
            return power;
        }
        double[] fallen = new double[n];
        double[] area = new double[n];
        double most = 0;
        for (int i = 0; i < n; i++) {
            fallen[i] = 1 - Schedule.cosine(points.x()[i], warmupSteps, budgetSteps);
            area[i] = Math.pow(Schedule.cosineArea(points.x()[i], warmupSteps, budgetSteps), -Forecast.EXPONENT_STEP);
            most = Math.max(most, fallen[i]);
        }
        if (n < FEWEST || most < FALLEN) {
            return power.beforeDrop();
        }
        double end = Math.pow(Schedule.cosineArea(budgetSteps, warmupSteps, budgetSteps), -Forecast.EXPONENT_STEP);
        Fit[] fits = new Fit[Forecast.EXPONENTS];
        double[] law = new double[n];
        Arrays.fill(law, 1);
        double lawAtEnd = 1;
        int best = 0;
        for (int k = 0; k < fits.length; k++) {
            lawAtEnd *= end;
            for (int i = 0; i < n; i++) {
                law[i] *= area[i];
            }
            fits[k] = Fit.of(law, fallen, points.y(), points.weight(), lawAtEnd);
            best = fits[k].residual < fits[best].residual ? k : best;
        }
        int freedom = n - TERMS - 1;
        double t = Forecast.t(freedom);
        double variance = fits[best].residual / freedom;
        double accepted = fits[best].residual + variance * t * t;
        double low = power.low();
        double high = power.high();
        for (Fit fit : fits) {
            if (fit.residual <= accepted) {
                double error = t * Math.sqrt(variance * (fit.leverage + noise));
                low = Math.min(low, fit.atEnd - error);
                high = Math.max(high, fit.atEnd + error);
            }
        }
        return new Forecast(
                Forecast.Law.ANNEALING,
                (power.loss() + Math.max(0, fits[best].atEnd)) / 2,
                Math.max(0, low),
                high,
                power.floor(),
                power.exponent(),
                n);
    }

    /** Weighted least squares with all terms at least 0, found by trying which are above. */
    private record Fit(double residual, double atEnd, double leverage) {

        static Fit of(double[] law, double[] fallen, double[] y, double[] w, double lawAtEnd) {
            double[][] normal = new double[TERMS][TERMS];
            double[] right = new double[TERMS];
            double squares = 0;
            for (int i = 0; i < y.length; i++) {
                double[] row = {1, law[i], -fallen[i]};
                for (int a = 0; a < TERMS; a++) {
                    right[a] += w[i] * row[a] * y[i];
                    for (int b = 0; b < TERMS; b++) {
                        normal[a][b] += w[i] * row[a] * row[b];
                    }
                }
                squares += w[i] * y[i] * y[i];
            }
            double[] end = {1, lawAtEnd, -1};
            double[] terms = new double[TERMS];
            double least = squares;
            double leverage = 0;
            for (int active = 1; active < 1 << TERMS; active++) {
                double[][] inverse = inverse(normal, active);
                if (inverse != null) {
                    double[] solution = times(inverse, right);
                    double rest = squares - dot(solution, right);
                    if (solution[0] >= 0 && solution[1] >= 0 && solution[2] >= 0 && rest < least) {
                        least = rest;
                        terms = solution;
                        leverage = dot(end, times(inverse, end));
                    }
                }
            }
            double residual = 0;
            for (int i = 0; i < y.length; i++) {
                double r = y[i] - terms[0] - terms[1] * law[i] + terms[2] * fallen[i];
                residual += w[i] * r * r;
            }
            return new Fit(residual, dot(terms, end), leverage);
        }

        /** Gauss and Jordan's, of the rows and columns that are active, zero elsewhere; null when they depend on each other. */
        private static double @Nullable [][] inverse(double[][] matrix, int active) {
            double[][] left = new double[TERMS][];
            double[][] inverse = new double[TERMS][TERMS];
            for (int a = 0; a < TERMS; a++) {
                left[a] = matrix[a].clone();
                inverse[a][a] = (active >> a & 1) == 1 ? 1 : 0;
            }
            for (int pivot = 0; pivot < TERMS; pivot++) {
                if ((active >> pivot & 1) == 0) {
                    continue;
                }
                double value = left[pivot][pivot];
                if (!(value > SINGULAR * matrix[pivot][pivot])) {
                    return null;
                }
                for (int c = 0; c < TERMS; c++) {
                    left[pivot][c] /= value;
                    inverse[pivot][c] /= value;
                }
                for (int r = 0; r < TERMS; r++) {
                    if (r != pivot && (active >> r & 1) == 1) {
                        double factor = left[r][pivot];
                        for (int c = 0; c < TERMS; c++) {
                            left[r][c] -= factor * left[pivot][c];
                            inverse[r][c] -= factor * inverse[pivot][c];
                        }
                    }
                }
            }
            return inverse;
        }

        private static double[] times(double[][] matrix, double[] vector) {
            double[] product = new double[TERMS];
            for (int r = 0; r < TERMS; r++) {
                product[r] = dot(matrix[r], vector);
            }
            return product;
        }

        private static double dot(double[] a, double[] b) {
            return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        }
    }
}
