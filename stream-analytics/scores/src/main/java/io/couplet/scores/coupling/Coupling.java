package io.couplet.scores.coupling;

import java.util.List;

/**
 * Everything that is said of one table.
 *
 * <p>A double that is NaN had too few cells; {@link #tooFew} says in words what is missing for residuals and shares.
 *
 * @param cellsReporting cells with a value
 * @param cellsExpected cells of the grid
 * @param seeds seeds of the cell that has most
 * @param tooFew why there are no residuals and shares; empty when there are
 * @param overallPoints overall level of the median polish, percentage points
 * @param backbones in the table's order
 * @param optimizers in the table's order
 * @param cells the cells that report, by backbone, then optimizer
 * @param shares shares of variance
 * @param interaction is there any coupling at all
 * @param contrasts of families, by optimizer family, then backbone family; empty while fewer than two families of either kind are known
 * @param uncertainty what intervals rest on
 * @param advice what to take
 */
public record Coupling(
        int cellsReporting,
        int cellsExpected,
        int seeds,
        String tooFew,
        double overallPoints,
        List<BackboneCoupling> backbones,
        List<OptimizerCoupling> optimizers,
        List<CellCoupling> cells,
        VarianceShares shares,
        InteractionTest interaction,
        List<FamilyContrast> contrasts,
        Uncertainty uncertainty,
        Advice advice) {

    /**
     * One backbone over all optimizers.
     *
     * @param name the backbone
     * @param effectPoints its effect in the median polish, percentage points
     * @param couplingPoints mean absolute residual, percentage points
     * @param statistics the paper's mean, standard deviation and range
     * @param failures optimizers that fall under the paper's failure rule
     * @param best optimizers that cannot be told apart from the best, best first; empty while none reports
     * @param cells cells that report
     */
    public record BackboneCoupling(
            String name,
            double effectPoints,
            double couplingPoints,
            PaperStatistics statistics,
            int failures,
            List<String> best,
            int cells) {}

    /**
     * One optimizer over all backbones.
     *
     * @param name the optimizer
     * @param effectPoints its effect in the median polish, percentage points
     * @param couplingPoints mean absolute residual, percentage points
     * @param failures backbones on which it falls under the paper's failure rule
     * @param accuracyRank rank by mean accuracy (least squares where cells are missing), 1 is best
     * @param robustnessRank rank by robustness to hyper-parameters, 1 is best; NaN when unknown
     * @param couplingRank rank by {@code couplingPoints}, 1 is the most general
     * @param costRank rank by device seconds relative to each backbone's mean, 1 is cheapest; NaN when seconds are unknown
     * @param overallScore weighted mean of the ranks that are known: performance and robustness whole, coupling and cost {@value #LIGHT_WEIGHT} each,
     *     which is what the paper's Table 4 follows best; NaN without accuracy and coupling
     * @param overallRank rank by {@code overallScore}, ties at their mean rank
     * @param worstRegretPoints the most it gives away on any backbone, percentage points
     * @param cells cells that report
     */
    public record OptimizerCoupling(
            String name,
            double effectPoints,
            double couplingPoints,
            int failures,
            double accuracyRank,
            double robustnessRank,
            double couplingRank,
            double costRank,
            double overallScore,
            double overallRank,
            double worstRegretPoints,
            int cells) {

        static final double LIGHT_WEIGHT = 0.3;
    }

    /**
     * One cell.
     *
     * @param backbone the backbone
     * @param optimizer the optimizer
     * @param cell what it reached
     * @param residualPoints its coupling: residual of the median polish in percentage points
     * @param failed whether it falls under the paper's failure rule
     * @param indistinguishableFromBest whether it cannot be told apart from its backbone's best
     */
    public record CellCoupling(
            String backbone,
            String optimizer,
            Cell cell,
            Estimate residualPoints,
            boolean failed,
            boolean indistinguishableFromBest) {}

    /**
     * Analyses a table; the validation set's size makes intervals possible with one seed.
     *
     * @param validationSamples validation images each accuracy was measured on, 0 when unknown
     */
    public static Coupling of(Table table, long validationSamples) {
        return of(table, CouplingSettings.DEFAULTS.withValidationSamples(validationSamples));
    }

    /**
     * Analyses a table with what is known beside it.
     *
     * @throws IllegalArgumentException if a chosen backbone is not in the table
     */
    public static Coupling of(Table table, CouplingSettings settings) {
        for (String backbone : settings.chosenBackbones()) {
            if (!table.backbones().contains(backbone)) {
                throw new IllegalArgumentException("chosen backbone '" + backbone + "' is not in the table: it has "
                        + String.join(", ", table.backbones()));
            }
        }
        return new Analysis(table, settings).coupling();
    }

    /** True when there were enough cells for residuals and shares. */
    public boolean isKnown() {
        return tooFew.isEmpty();
    }

    /** The cell of a pairing that reports; throws {@link IllegalArgumentException} for one that does not. */
    public CellCoupling cell(String backbone, String optimizer) {
        return cells.stream()
                .filter(c -> c.backbone().equals(backbone) && c.optimizer().equals(optimizer))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(backbone + " with " + optimizer + " does not report"));
    }
}
