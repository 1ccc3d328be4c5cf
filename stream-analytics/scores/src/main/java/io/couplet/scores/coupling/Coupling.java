package io.couplet.scores.coupling;

import java.util.ArrayList;
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
     * @param couplingRank rank by {@code couplingPoints}, 1 is the most general
     * @param costRank rank by device seconds relative to each backbone's mean, 1 is cheapest; NaN when seconds are unknown
     * @param overallRank mean of the ranks that are known; NaN without the first two
     * @param worstRegretPoints the most it gives away on any backbone, percentage points
     * @param cells cells that report
     */
    public record OptimizerCoupling(
            String name,
            double effectPoints,
            double couplingPoints,
            int failures,
            double accuracyRank,
            double couplingRank,
            double costRank,
            double overallRank,
            double worstRegretPoints,
            int cells) {}

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
        return new Analysis(table, validationSamples).coupling();
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

    /** The parts of one analysis, values in percentage points, of shape (backbones, optimizers). */
    private static final class Analysis {

        private final Table table;
        private final double[][] points;
        private final double[][] variances;
        private final Uncertainty uncertainty;
        private final int[] rowCells;
        private final int[] columnCells;
        private final int reporting;
        private final String tooFew;
        private final MedianPolish polish;
        private final AdditiveFit fit;
        private final Advice advice;

        Analysis(Table table, long validationSamples) {
            this.table = table;
            this.uncertainty = Uncertainty.of(table, validationSamples);
            this.points = table.accuracies();
            this.variances = new double[points.length][];
            this.rowCells = new int[points.length];
            this.columnCells = new int[table.optimizers().size()];
            for (int b = 0; b < points.length; b++) {
                variances[b] = new double[points[b].length];
                for (int o = 0; o < points[b].length; o++) {
                    boolean present = !Double.isNaN(points[b][o]);
                    rowCells[b] += present ? 1 : 0;
                    columnCells[o] += present ? 1 : 0;
                    int seeds = table.cell(
                                    table.backbones().get(b), table.optimizers().get(o))
                            .map(Cell::seeds)
                            .orElse(1);
                    variances[b][o] = 1e4 * uncertainty.variance(points[b][o], seeds);
                    points[b][o] *= 100;
                }
            }
            this.reporting = table.cells().size();
            this.tooFew = whyTooFew();
            this.polish = MedianPolish.of(points);
            this.fit = AdditiveFit.of(points);
            this.advice = Advice.of(table, uncertainty);
        }

        Coupling coupling() {
            int seeds =
                    table.cells().values().stream().mapToInt(Cell::seeds).max().orElse(0);
            VarianceShares shares = tooFew.isEmpty()
                    ? VarianceShares.of(points, variances, fit, freedom(), uncertainty.quantile())
                    : VarianceShares.tooFew(reporting);
            return new Coupling(
                    reporting,
                    table.cellsExpected(),
                    seeds,
                    tooFew,
                    ifKnown(polish.overall()),
                    backbones(),
                    optimizers(),
                    cells(),
                    shares,
                    uncertainty,
                    advice);
        }

        private double ifKnown(double value) {
            return tooFew.isEmpty() ? value : Double.NaN;
        }

        private String whyTooFew() {
            int rows = positive(rowCells);
            int columns = positive(columnCells);
            if (rows < 2 || columns < 2) {
                return String.format("residuals need 2 backbones and 2 optimizers, %d and %d report", rows, columns);
            }
            return freedom() < 1
                    ? String.format(
                            "residuals of %d backbones and %d optimizers need at least %d cells, %d report",
                            rows, columns, rows + columns, reporting)
                    : "";
        }

        private int freedom() {
            return reporting - positive(rowCells) - positive(columnCells) + 1;
        }

        private static int positive(int[] counts) {
            int n = 0;
            for (int count : counts) {
                n += count > 0 ? 1 : 0;
            }
            return n;
        }

        /** A cell alone in its row or column is fitted exactly: its residual says nothing. */
        private boolean hasResidual(int b, int o) {
            return tooFew.isEmpty() && !Double.isNaN(points[b][o]) && rowCells[b] > 1 && columnCells[o] > 1;
        }

        private double residual(int b, int o) {
            return hasResidual(b, o) ? polish.residuals()[b][o] : Double.NaN;
        }

        private boolean failed(int b, int o) {
            return points[b][o] < PaperStatistics.failureBound(points[b], PaperStatistics.GAMMA);
        }

        private List<BackboneCoupling> backbones() {
            List<BackboneCoupling> backbones = new ArrayList<>();
            for (int b = 0; b < points.length; b++) {
                double[] residuals = new double[columnCells.length];
                int failures = 0;
                for (int o = 0; o < residuals.length; o++) {
                    residuals[o] = Math.abs(residual(b, o));
                    failures += failed(b, o) ? 1 : 0;
                }
                String name = table.backbones().get(b);
                backbones.add(new BackboneCoupling(
                        name,
                        ifKnown(polish.rows()[b]),
                        Means.of(residuals),
                        PaperStatistics.of(points[b]),
                        failures,
                        advice.best().getOrDefault(name, List.of()),
                        rowCells[b]));
            }
            return List.copyOf(backbones);
        }

        private List<OptimizerCoupling> optimizers() {
            double[] coupling = new double[columnCells.length];
            int[] failures = new int[columnCells.length];
            for (int o = 0; o < coupling.length; o++) {
                double[] residuals = new double[points.length];
                for (int b = 0; b < residuals.length; b++) {
                    residuals[b] = Math.abs(residual(b, o));
                    failures[o] += failed(b, o) ? 1 : 0;
                }
                coupling[o] = Means.of(residuals);
            }
            double[] accuracyRanks = Ranks.descending(fit.columns());
            double[] couplingRanks = Ranks.ascending(coupling);
            double[] costRanks = Ranks.ascending(relativeCosts());
            List<OptimizerCoupling> optimizers = new ArrayList<>();
            for (int o = 0; o < coupling.length; o++) {
                String name = table.optimizers().get(o);
                double two = accuracyRanks[o] + couplingRanks[o];
                double overall = Double.isNaN(costRanks[o]) ? two / 2 : (two + costRanks[o]) / 3;
                optimizers.add(new OptimizerCoupling(
                        name,
                        ifKnown(polish.columns()[o]),
                        coupling[o],
                        failures[o],
                        accuracyRanks[o],
                        couplingRanks[o],
                        costRanks[o],
                        overall,
                        Advice.worstRegretPoints(table, name),
                        columnCells[o]));
            }
            return List.copyOf(optimizers);
        }

        /** Mean over an optimizer's backbones of its device seconds over the backbone's mean; NaN where unknown. */
        private double[] relativeCosts() {
            double[][] costs = new double[points.length][columnCells.length];
            for (int b = 0; b < costs.length; b++) {
                for (int o = 0; o < columnCells.length; o++) {
                    costs[b][o] = table.cell(
                                    table.backbones().get(b), table.optimizers().get(o))
                            .map(Cell::deviceSeconds)
                            .orElse(Double.NaN);
                }
                double mean = Means.of(costs[b]);
                for (int o = 0; o < columnCells.length; o++) {
                    costs[b][o] = mean > 0 ? costs[b][o] / mean : Double.NaN;
                }
            }
            double[] relative = new double[columnCells.length];
            for (int o = 0; o < relative.length; o++) {
                relative[o] = Means.of(Means.column(costs, o));
            }
            return relative;
        }

        private List<CellCoupling> cells() {
            List<CellCoupling> cells = new ArrayList<>();
            for (int b = 0; b < points.length; b++) {
                for (int o = 0; o < columnCells.length; o++) {
                    String backbone = table.backbones().get(b);
                    String optimizer = table.optimizers().get(o);
                    int row = b;
                    int column = o;
                    table.cell(backbone, optimizer)
                            .ifPresent(cell -> cells.add(new CellCoupling(
                                    backbone,
                                    optimizer,
                                    cell,
                                    estimate(row, column),
                                    failed(row, column),
                                    advice.best()
                                            .getOrDefault(backbone, List.of())
                                            .contains(optimizer))));
                }
            }
            return List.copyOf(cells);
        }

        private Estimate estimate(int b, int o) {
            if (!hasResidual(b, o)) {
                return Estimate.TOO_FEW;
            }
            return Estimate.around(residual(b, o), uncertainty.quantile() * Math.sqrt(residualVariance(b, o)));
        }

        /**
         * Error variance of a polished residual: the cell's own error and those of the medians of the other cells of its row and column, each
         * π/2 times as uncertain as a mean (the median's asymptotic efficiency for normal errors), and of the overall level. A row or
         * column of two cells has no median but its mean: there the residual is that of least squares.
         */
        private double residualVariance(int b, int o) {
            if (rowCells[b] < 3 || columnCells[o] < 3) {
                return leastSquaresVariance(b, o);
            }
            double ofRow = Math.PI / 2 / (rowCells[b] - 1);
            double ofColumn = Math.PI / 2 / (columnCells[o] - 1);
            return variances[b][o]
                    + ofRow * Means.of(variances[b])
                    + ofColumn * Means.of(Means.column(variances, o))
                    + ofRow * ofColumn * Means.of(Means.flat(variances));
        }

        private double leastSquaresVariance(int b, int o) {
            double sum = 0;
            for (int i = 0; i < points.length; i++) {
                for (int j = 0; j < columnCells.length; j++) {
                    if (!Double.isNaN(points[i][j])) {
                        double weight =
                                ((i == b ? 1 : 0) - 1.0 / columnCells[o]) * ((j == o ? 1 : 0) - 1.0 / rowCells[b]);
                        sum += weight * weight * variances[i][j];
                    }
                }
            }
            return sum;
        }
    }
}
