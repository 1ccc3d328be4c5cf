package io.couplet.scores.coupling;

/**
 * Shares of the variance between cells: two-way analysis of variance without replication on the cells' means (Fisher; Scheffé 1959, The Analysis of
 * Variance, chapter 4), each cell with the same weight.
 *
 * <p>With missing cells the sums are those of nested least squares, type II: a factor's is what it explains beyond the other factor, the
 * interaction's is the additive fit's residual; shares are of their total. Complete tables give the classical sums. The interaction holds the
 * noise too; with errors known its expected size is {@code noise}, and the intervals are without it.
 *
 * @param backbone share that is backbone
 * @param optimizer share that is optimizer
 * @param interaction share that is neither: coupling and noise
 * @param noise share of the interaction that errors of the cells alone would give on average; NaN when errors are unknown
 * @param intervals of what the intervals are
 * @param cells the cells that report
 * @param freedom degrees of freedom of the interaction
 */
public record VarianceShares(
        Estimate backbone,
        Estimate optimizer,
        Estimate interaction,
        double noise,
        Intervals intervals,
        int cells,
        int freedom) {

    /** Of what the 95 % intervals of the shares are. */
    public enum Intervals {
        /** There are none: errors are unknown, and the table has fewer than four backbones or optimizers. */
        NONE,
        /** The shares that this table would have without the errors of its cells; they can lie beside the shares that were seen. */
        WITHOUT_NOISE,
        /** The shares of a table of other backbones and optimizers like these; errors are unknown. */
        OTHER_GRID
    }

    static VarianceShares tooFew(int cells) {
        return new VarianceShares(
                Estimate.TOO_FEW, Estimate.TOO_FEW, Estimate.TOO_FEW, Double.NaN, Intervals.NONE, cells, 0);
    }

    /**
     * Shares of a table.
     *
     * @param values accuracies of shape (backbones, optimizers), NaN where missing
     * @param variances each cell's error variance, NaN when unknown
     * @param incidence what reports; leaves at least 1 degree of freedom
     * @param errorFreedom degrees of freedom of the error variances, 0 when they are known
     */
    static VarianceShares of(
            double[][] values, double[][] variances, AdditiveFit fit, Incidence incidence, int errorFreedom) {
        double withinOptimizers = 0;
        double withinBackbones = 0;
        for (double[] row : values) {
            withinBackbones += Means.deviations(row);
        }
        for (int j = 0; j < fit.columns().length; j++) {
            withinOptimizers += Means.deviations(Means.column(values, j));
        }
        double interaction = fit.residualSum();
        double backbone = Math.max(0, withinOptimizers - interaction);
        double optimizer = Math.max(0, withinBackbones - interaction);
        double total = backbone + optimizer + interaction;
        if (!(total > 0)) {
            return tooFew(incidence.cells());
        }
        double[] sums = {backbone, optimizer, interaction};
        double[] shares = {backbone / total, optimizer / total, interaction / total};
        int[] freedoms = {
            incidence.rows() - incidence.blocks(), incidence.columns() - incidence.blocks(), incidence.freedom()
        };
        double variance = Means.of(Means.flat(variances));
        long seed = ShareIntervals.seed(values);
        Estimate[] estimates = Double.isNaN(variance)
                ? ShareIntervals.fromGrid(values, incidence, shares, seed)
                : ShareIntervals.fromErrors(sums, freedoms, shares, variance, errorFreedom, seed);
        Intervals intervals = Double.isNaN(variance) ? Intervals.OTHER_GRID : Intervals.WITHOUT_NOISE;
        return new VarianceShares(
                estimates[0],
                estimates[1],
                estimates[2],
                Math.min(freedoms[2] * variance / total, shares[2]),
                estimates[2].hasInterval() ? intervals : Intervals.NONE,
                incidence.cells(),
                freedoms[2]);
    }
}
