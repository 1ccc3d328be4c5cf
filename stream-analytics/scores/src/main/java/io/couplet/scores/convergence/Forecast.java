package io.couplet.scores.convergence;

import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Power-law forecast of a loss at the end of the budget: {@code loss(t) = floor + scale · t^(−exponent)} with {@code floor ≥ 0}, {@code scale ≥ 0}
 * (the form of Hestness et al. 2017, arXiv:1712.00409; as in Domhan et al. 2015 for learning curves).
 *
 * <p>For each exponent of a grid floor and scale are linear least squares; the exponent with the least residual is the forecast. The interval is
 * the union, over all exponents that an F test at the level does not reject, of the prediction's own t interval: a profile likelihood interval
 * that grows when the exponent is unsure. What is forecast is a new observation, with its noise. A learning rate that falls changes the law; {@link Law} says how that was
 * met.
 *
 * @param law what it rests on
 * @param loss the forecast loss at the last step of the budget; NaN when there were too few points
 * @param low lower end of the 95 % interval
 * @param high upper end of the 95 % interval
 * @param floor the fitted loss after infinitely many steps
 * @param exponent the fitted exponent
 * @param points how many log-spaced points it was fitted to
 */
public record Forecast(Law law, double loss, double low, double high, double floor, double exponent, int points) {

    /** What a forecast rests on. */
    public enum Law {
        /** There are too few points. */
        NONE,
        /** The power law over the whole run after its warm-up. */
        POWER_LAW,
        /** The power law of the steps since the newest drop of the learning rate. */
        POWER_LAW_SINCE_DROP,
        /** A decay of the learning rate is still to come: the loss without it, and an interval from 0 on. */
        POWER_LAW_BEFORE_DROP,
        /** A known cosine: the mean of the power law and of {@link Annealing}, and an interval that holds both of theirs. */
        ANNEALING
    }

    /** Three parameters and at least three degrees of freedom. */
    static final int FEWEST = 6;

    private static final double LEVEL = 0.95;
    private static final double MOST_ALIKE = 0.8;
    static final double EXPONENT_STEP = 0.05;
    static final int EXPONENTS = 40;
    /** Two-sided t quantiles by degrees of freedom; constant from the last one on. */
    private static final double[] T = tQuantiles(64);

    static Forecast tooFew(int points) {
        return new Forecast(Law.NONE, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN, points);
    }

    /**
     * The power law's forecast.
     *
     * @param noise variance of what is forecast, in units of that of a point of weight 1
     * @param fewest points below which there is none, at least 4
     */
    static Forecast of(Blocks.Points points, double atStep, double noise, int fewest) {
        int n = points.size();
        if (n < fewest || !(atStep > 0)) {
            return tooFew(n);
        }
        Line[] lines = new Line[EXPONENTS];
        double[] base = new double[n];
        double[] power = new double[n];
        for (int i = 0; i < n; i++) {
            base[i] = Math.pow(points.x()[i], -EXPONENT_STEP);
            power[i] = 1;
        }
        int best = 0;
        for (int k = 0; k < EXPONENTS; k++) {
            for (int i = 0; i < n; i++) {
                power[i] *= base[i];
            }
            lines[k] = Line.fit(power, points.y(), points.weight());
            best = lines[k].residual() < lines[best].residual() ? k : best;
        }
        return interval(lines, best, points, atStep, noise, inflation(lines[best], points, EXPONENT_STEP * (best + 1)));
    }

    /**
     * By how much neighbouring residuals that are alike, because the law fits the curve only nearly, make the points worth less: {@code (1 + ρ) / (1 − ρ)} with their autocorrelation ρ
     * in [0, {@value #MOST_ALIKE}].
     */
    private static double inflation(Line line, Blocks.Points points, double exponent) {
        double squares = 0;
        double products = 0;
        double before = 0;
        for (int i = 0; i < points.size(); i++) {
            double residual =
                    Math.sqrt(points.weight()[i]) * (points.y()[i] - line.at(Math.pow(points.x()[i], -exponent)));
            squares += residual * residual;
            products += residual * before;
            before = residual;
        }
        double alike = squares > 0 ? Math.min(MOST_ALIKE, Math.max(0, products / squares)) : 0;
        return (1 + alike) / (1 - alike);
    }

    private static Forecast interval(
            Line[] lines, int best, Blocks.Points points, double atStep, double noise, double inflation) {
        int n = points.size();
        int freedom = n - 3;
        double t = t(freedom);
        double variance = lines[best].residual() / freedom;
        double accepted = lines[best].residual() + variance * t * t * inflation;
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        double forecast = Double.NaN;
        for (int k = 0; k < lines.length; k++) {
            if (lines[k].residual() <= accepted) {
                double x = Math.pow(atStep, -EXPONENT_STEP * (k + 1));
                double value = lines[k].at(x);
                double error = t * Math.sqrt(variance * (inflation * lines[k].leverage(x) + noise));
                low = Math.min(low, value - error);
                high = Math.max(high, value + error);
                forecast = k == best ? value : forecast;
            }
        }
        return new Forecast(
                Law.POWER_LAW,
                forecast,
                Math.max(0, low),
                high,
                lines[best].intercept(),
                EXPONENT_STEP * (best + 1),
                n);
    }

    /** The same with an interval from 0 on, because a decay of the learning rate is still to come. */
    Forecast beforeDrop() {
        return law == Law.NONE ? this : new Forecast(Law.POWER_LAW_BEFORE_DROP, loss, 0, high, floor, exponent, points);
    }

    Forecast sinceDrop() {
        return law == Law.NONE
                ? this
                : new Forecast(Law.POWER_LAW_SINCE_DROP, loss, low, high, floor, exponent, points);
    }

    /** Student's quantile of the level's two-sided interval. */
    static double t(int freedom) {
        return T[Math.min(freedom, T.length) - 1];
    }

    private static double[] tQuantiles(int upTo) {
        double[] quantiles = new double[upTo];
        for (int i = 0; i < upTo; i++) {
            quantiles[i] = TDistribution.of(i + 1).inverseCumulativeProbability((1 + LEVEL) / 2);
        }
        return quantiles;
    }

    /** y = intercept + slope · x, both at least 0; {@code meanX}, {@code sxx} and {@code weight} are kept for the error of a prediction. */
    private record Line(double intercept, double slope, double residual, double meanX, double sxx, double weight) {

        static Line fit(double[] x, double[] y, double[] w) {
            double sw = 0;
            double sx = 0;
            double sy = 0;
            for (int i = 0; i < x.length; i++) {
                sw += w[i];
                sx += w[i] * x[i];
                sy += w[i] * y[i];
            }
            double mx = sx / sw;
            double my = sy / sw;
            double sxx = 0;
            double sxy = 0;
            for (int i = 0; i < x.length; i++) {
                sxx += w[i] * (x[i] - mx) * (x[i] - mx);
                sxy += w[i] * (x[i] - mx) * (y[i] - my);
            }
            double slope = sxx > 0 ? Math.max(0, sxy / sxx) : 0;
            double intercept = my - slope * mx;
            if (intercept < 0) {
                intercept = 0;
                double raw = sxx + sw * mx * mx;
                slope = raw > 0 ? Math.max(0, (sxy + sw * mx * my) / raw) : 0;
            }
            double residual = 0;
            for (int i = 0; i < x.length; i++) {
                double r = y[i] - intercept - slope * x[i];
                residual += w[i] * r * r;
            }
            return new Line(intercept, slope, residual, mx, sxx, sw);
        }

        double at(double x) {
            return intercept + slope * x;
        }

        double leverage(double x) {
            return 1 / weight + (sxx > 0 ? (x - meanX) * (x - meanX) / sxx : 0);
        }
    }
}
