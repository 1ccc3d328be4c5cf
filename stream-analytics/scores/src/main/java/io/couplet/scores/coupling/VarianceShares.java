package io.couplet.scores.coupling;

/**
 * Shares of the variance between cells: two-way analysis of variance without replication on the cells' means (Fisher; Scheffé 1959, The Analysis of
 * Variance, chapter 4), each cell with the same weight.
 *
 * <p>With missing cells the sums are those of nested least squares, type II: a factor's is what it explains beyond the other factor, the
 * interaction's is the additive fit's residual; shares are of their total. Complete tables give the classical sums. The interaction holds the
 * noise too; with errors known its expected size is {@code noise}.
 *
 * @param backbone share that is backbone, with its interval by the delta method from the cells' errors
 * @param optimizer share that is optimizer
 * @param interaction share that is neither: coupling and noise
 * @param noise share of the interaction that errors of the cells alone would give on average; NaN when errors are unknown
 * @param cells the cells that report
 * @param freedom degrees of freedom of the interaction
 */
public record VarianceShares(
        Estimate backbone, Estimate optimizer, Estimate interaction, double noise, int cells, int freedom) {

    static VarianceShares tooFew(int cells) {
        return new VarianceShares(Estimate.TOO_FEW, Estimate.TOO_FEW, Estimate.TOO_FEW, Double.NaN, cells, 0);
    }

    /**
     * Shares of a table.
     *
     * @param values accuracies of shape (backbones, optimizers), NaN where missing
     * @param variances each cell's error variance, NaN when unknown
     * @param freedom cells less parameters of the additive fit, at least 1
     */
    static VarianceShares of(double[][] values, double[][] variances, AdditiveFit fit, int freedom, double quantile) {
        double withinOptimizers = 0;
        double withinBackbones = 0;
        int cells = 0;
        for (double[] row : values) {
            withinBackbones += Means.deviations(row);
            cells += Means.count(row);
        }
        for (int j = 0; j < fit.columns().length; j++) {
            withinOptimizers += Means.deviations(Means.column(values, j));
        }
        double interaction = fit.residualSum();
        double backbone = Math.max(0, withinOptimizers - interaction);
        double optimizer = Math.max(0, withinBackbones - interaction);
        double total = backbone + optimizer + interaction;
        if (!(total > 0)) {
            return tooFew(cells);
        }
        double[] shares = {backbone / total, optimizer / total, interaction / total};
        double[] spread = spread(values, variances, fit, shares, total);
        double noise = freedom * Means.of(Means.flat(variances)) / total;
        return new VarianceShares(
                Estimate.around(shares[0], quantile * spread[0]).within(0, 1),
                Estimate.around(shares[1], quantile * spread[1]).within(0, 1),
                Estimate.around(shares[2], quantile * spread[2]).within(0, 1),
                Math.min(noise, shares[2]),
                cells,
                freedom);
    }

    /** Standard deviations of the three shares: ∂share/∂y = 2 (part − share · (y − mean)) / total. */
    private static double[] spread(
            double[][] values, double[][] variances, AdditiveFit fit, double[] shares, double total) {
        double[] sum = new double[3];
        for (int i = 0; i < values.length; i++) {
            for (int j = 0; j < values[i].length; j++) {
                if (!Double.isNaN(values[i][j])) {
                    double fromMean = values[i][j] - fit.overall();
                    double[] parts = {fit.rows()[i], fit.columns()[j], values[i][j] - fit.at(i, j)};
                    for (int k = 0; k < 3; k++) {
                        double slope = 2 * (parts[k] - shares[k] * fromMean) / total;
                        sum[k] += slope * slope * variances[i][j];
                    }
                }
            }
        }
        return new double[] {Math.sqrt(sum[0]), Math.sqrt(sum[1]), Math.sqrt(sum[2])};
    }
}
