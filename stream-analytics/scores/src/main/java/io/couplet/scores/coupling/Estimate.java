package io.couplet.scores.coupling;

/**
 * A value and how far it may be trusted.
 *
 * @param value the value; NaN when there were too few cells for it
 * @param low lower end of the 95 % interval; NaN when nothing tells how uncertain the value is
 * @param high upper end
 */
public record Estimate(double value, double low, double high) {

    static final Estimate TOO_FEW = new Estimate(Double.NaN, Double.NaN, Double.NaN);

    static Estimate around(double value, double halfWidth) {
        return new Estimate(value, value - halfWidth, value + halfWidth);
    }

    Estimate within(double least, double most) {
        return new Estimate(value, Math.max(least, low), Math.min(most, high));
    }

    /** False when there were too few cells. */
    public boolean isKnown() {
        return !Double.isNaN(value);
    }

    public boolean hasInterval() {
        return !Double.isNaN(low);
    }
}
