package io.couplet.scores.coupling;

import org.apache.commons.statistics.distribution.FDistribution;

/**
 * Is there any coupling at all? The null hypothesis: accuracy = overall + backbone + optimizer, and independent normal errors of one variance.
 *
 * <p>With seeds: the F test of the interaction against the differences between seeds, cells weighted by their seeds (Scheffé 1959, chapter 4). With one seed
 * a cell: Tukey's one degree of freedom for non-additivity (Tukey 1949, Biometrics 5), which sees only an interaction that grows with the
 * product of backbone and optimizer effects; with missing cells the product is first freed of what is additive in it (Milliken and Graybill 1970), and the
 * test stays exact.
 *
 * @param kind which test
 * @param statistic F; infinite when seeds agree exactly and the table is not additive
 * @param numeratorFreedom its first degrees of freedom; 0 when there is no test
 * @param denominatorFreedom its second
 * @param pValue probability of a statistic as large or larger without any coupling; NaN when there is no test
 * @param tooFew why there is no test; empty when there is
 */
public record InteractionTest(
        Kind kind, double statistic, int numeratorFreedom, int denominatorFreedom, double pValue, String tooFew) {

    /** Which test the table allows. */
    public enum Kind {
        /** Too few cells. */
        NONE,
        /** Tukey's one degree of freedom for non-additivity. */
        TUKEY,
        /** F test against the differences between seeds. */
        SEEDS
    }

    /** Sums of squares below this part of the table's total are rounding. */
    private static final double ROUNDING = 1e-20;

    static InteractionTest none(String why) {
        return new InteractionTest(Kind.NONE, Double.NaN, 0, 0, Double.NaN, why);
    }

    private static InteractionTest of(Kind kind, double explained, int first, double rest, int second, double total) {
        if (!(Math.max(explained, rest) > ROUNDING * total)) {
            return none("the table is additive to the last digit: nothing is left to test");
        }
        double f = rest > ROUNDING * total ? explained / first / (rest / second) : Double.POSITIVE_INFINITY;
        double p = Double.isInfinite(f) ? 0 : FDistribution.of(first, second).survivalProbability(f);
        return new InteractionTest(kind, f, first, second, p, "");
    }

    /**
     * The F test.
     *
     * @param values cell means of shape (backbones, optimizers), NaN where missing
     * @param seeds seeds of each cell, of the same shape
     * @param within sum of squared deviations of all seeds from their cell's mean
     * @param withinFreedom its degrees of freedom, at least 1
     */
    static InteractionTest withSeeds(
            double[][] values, double[][] seeds, Incidence incidence, double within, int withinFreedom) {
        double between = AdditiveFit.of(values, seeds, incidence).residualSum();
        double total = within + Means.deviations(Means.flat(values));
        return of(Kind.SEEDS, between, incidence.freedom(), within, withinFreedom, total);
    }

    /** Tukey's test of a table with one seed a cell. */
    static InteractionTest tukey(double[][] values, AdditiveFit fit, Incidence incidence) {
        int freedom = incidence.freedom();
        if (freedom < 2) {
            return none("Tukey's test needs 2 degrees of freedom in the interaction, has " + freedom);
        }
        double total = Means.deviations(Means.flat(values));
        double[][] products = new double[values.length][];
        double largest = 0;
        for (int i = 0; i < values.length; i++) {
            products[i] = new double[values[i].length];
            for (int j = 0; j < products[i].length; j++) {
                products[i][j] = Double.isNaN(values[i][j]) ? Double.NaN : fit.rows()[i] * fit.columns()[j];
                largest += Double.isNaN(products[i][j]) ? 0 : products[i][j] * products[i][j];
            }
        }
        double[][] product = AdditiveFit.of(products, incidence).residuals(products);
        double[][] residuals = fit.residuals(values);
        double cross = 0;
        double square = 0;
        for (int i = 0; i < values.length; i++) {
            for (int j = 0; j < values[i].length; j++) {
                if (!Double.isNaN(values[i][j])) {
                    cross += residuals[i][j] * product[i][j];
                    square += product[i][j] * product[i][j];
                }
            }
        }
        if (!(largest > ROUNDING * total * total) || !(square > ROUNDING * largest)) {
            return none("Tukey's test needs backbones that differ and optimizers that differ");
        }
        double explained = cross * cross / square;
        return of(Kind.TUKEY, explained, 1, Math.max(0, fit.residualSum() - explained), freedom - 1, total);
    }
}
