package io.couplet.scores.convergence;

/**
 * The slope of log-loss against log-step by weighted least squares, with its standard error: minus the exponent of a power law.
 *
 * @param value the slope, NaN with fewer than three points of positive loss
 * @param standardError from the residuals with points − 2 degrees of freedom; NaN where {@code value} is
 * @param points the points it was taken over
 */
public record Slope(double value, double standardError, int points) {

    static final int FEWEST = 3;

    static Slope of(Blocks.Points points) {
        int n = 0;
        double sw = 0;
        double sx = 0;
        double sy = 0;
        for (int i = 0; i < points.size(); i++) {
            if (points.y()[i] > 0) {
                double w = points.weight()[i];
                n++;
                sw += w;
                sx += w * Math.log(points.x()[i]);
                sy += w * Math.log(points.y()[i]);
            }
        }
        if (n < FEWEST) {
            return new Slope(Double.NaN, Double.NaN, n);
        }
        double sxx = 0;
        double sxy = 0;
        double syy = 0;
        for (int i = 0; i < points.size(); i++) {
            if (points.y()[i] > 0) {
                double w = points.weight()[i];
                double dx = Math.log(points.x()[i]) - sx / sw;
                double dy = Math.log(points.y()[i]) - sy / sw;
                sxx += w * dx * dx;
                sxy += w * dx * dy;
                syy += w * dy * dy;
            }
        }
        if (sxx <= 0) {
            return new Slope(Double.NaN, Double.NaN, n);
        }
        double slope = sxy / sxx;
        double residual = Math.max(0, syy - slope * sxy);
        return new Slope(slope, Math.sqrt(residual / (n - 2) / sxx), n);
    }
}
