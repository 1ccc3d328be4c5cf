package io.couplet.scores.coupling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** The parts of one {@link Coupling}; values in percentage points, of shape (backbones, optimizers). */
final class Analysis {

    private final Table table;
    private final CouplingSettings settings;
    private final Cell[][] cells;
    private final double[][] points;
    private final double[][] seeds;
    private final double[][] variances;
    private final double[] rowVariances;
    private final double[] columnVariances;
    private final double meanVariance;
    private final double[] bounds;
    private final int[] rowCells;
    private final int[] columnCells;
    private final Uncertainty uncertainty;
    private final Incidence incidence;
    private final String tooFew;
    private final MedianPolish polish;
    private final AdditiveFit fit;
    private final double[][] regrets;
    private final Advice advice;

    Analysis(Table table, CouplingSettings settings) {
        int rows = table.backbones().size();
        int columns = table.optimizers().size();
        this.table = table;
        this.settings = settings;
        this.uncertainty = Uncertainty.of(table, settings.validationSamples());
        this.cells = table.grid();
        this.points = new double[rows][columns];
        this.seeds = new double[rows][columns];
        this.variances = new double[rows][columns];
        this.rowCells = new int[rows];
        this.columnCells = new int[columns];
        this.bounds = new double[rows];
        for (int b = 0; b < rows; b++) {
            for (int o = 0; o < columns; o++) {
                Cell cell = cells[b][o];
                rowCells[b] += cell == null ? 0 : 1;
                columnCells[o] += cell == null ? 0 : 1;
                points[b][o] = cell == null ? Double.NaN : 100 * cell.accuracy();
                seeds[b][o] = cell == null ? Double.NaN : cell.seeds();
                variances[b][o] = cell == null ? Double.NaN : 1e4 * uncertainty.variance(cell.accuracy(), cell.seeds());
            }
            bounds[b] = PaperStatistics.failureBound(points[b], settings.gammaPoints());
        }
        this.rowVariances = Arrays.stream(variances).mapToDouble(Means::of).toArray();
        this.columnVariances = new double[columns];
        for (int o = 0; o < columns; o++) {
            columnVariances[o] = Means.of(Means.column(variances, o));
        }
        this.meanVariance = Means.of(rowVariances);
        this.incidence = Incidence.of(points);
        this.tooFew = whyTooFew();
        this.polish = MedianPolish.of(points);
        this.fit = AdditiveFit.of(points, incidence);
        this.regrets = Advice.regrets(points);
        this.advice = Advice.of(table, points, variances, regrets, uncertainty, settings.chosenBackbones());
    }

    Coupling coupling() {
        int most = table.cells().values().stream().mapToInt(Cell::seeds).max().orElse(0);
        boolean known = tooFew.isEmpty();
        return new Coupling(
                incidence.cells(),
                table.cellsExpected(),
                most,
                tooFew,
                ifKnown(polish.overall()),
                backbones(),
                optimizers(),
                cells(),
                known
                        ? VarianceShares.of(points, variances, fit, incidence, uncertainty.freedom())
                        : VarianceShares.tooFew(incidence.cells()),
                known ? interaction() : InteractionTest.none(tooFew),
                known ? FamilyContrast.of(table, fit.residuals(points), settings.families()) : List.of(),
                uncertainty,
                advice);
    }

    private InteractionTest interaction() {
        if (uncertainty.freedom() == 0) {
            return InteractionTest.tukey(points, fit, incidence);
        }
        double within = 1e4 * uncertainty.seedVariance() * uncertainty.freedom();
        return InteractionTest.withSeeds(points, seeds, incidence, within, uncertainty.freedom());
    }

    private double ifKnown(double value) {
        return tooFew.isEmpty() ? value : Double.NaN;
    }

    private String whyTooFew() {
        int rows = incidence.rows();
        int columns = incidence.columns();
        if (rows < 2 || columns < 2) {
            return String.format(
                    Locale.ROOT, "residuals need 2 backbones and 2 optimizers, %d and %d report", rows, columns);
        }
        return incidence.freedom() < 1
                ? String.format(
                        Locale.ROOT,
                        "residuals of %d backbones and %d optimizers need at least %d cells, %d report",
                        rows,
                        columns,
                        rows + columns,
                        incidence.cells())
                : "";
    }

    /** A cell that every additive model fits exactly has a residual that says nothing. */
    private boolean hasResidual(int b, int o) {
        return tooFew.isEmpty() && !Double.isNaN(points[b][o]) && !incidence.bridges()[b][o];
    }

    private double residual(int b, int o) {
        return hasResidual(b, o) ? polish.residuals()[b][o] : Double.NaN;
    }

    private boolean failed(int b, int o) {
        return points[b][o] < bounds[b];
    }

    private List<Coupling.BackboneCoupling> backbones() {
        List<Coupling.BackboneCoupling> backbones = new ArrayList<>();
        for (int b = 0; b < points.length; b++) {
            double[] residuals = new double[columnCells.length];
            int failures = 0;
            for (int o = 0; o < residuals.length; o++) {
                residuals[o] = Math.abs(residual(b, o));
                failures += failed(b, o) ? 1 : 0;
            }
            String name = table.backbones().get(b);
            backbones.add(new Coupling.BackboneCoupling(
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

    private List<Coupling.OptimizerCoupling> optimizers() {
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
        double[] robustnessRanks = given(settings.robustnessRanks());
        double[] couplingRanks = Ranks.ascending(coupling);
        double[] costRanks =
                settings.costRanks().isEmpty() ? Ranks.dense(relativeCosts()) : given(settings.costRanks());
        double[] overall = overall(accuracyRanks, robustnessRanks, couplingRanks, costRanks);
        double[] overallRanks = Ranks.ascending(overall);
        List<Coupling.OptimizerCoupling> optimizers = new ArrayList<>();
        for (int o = 0; o < coupling.length; o++) {
            optimizers.add(new Coupling.OptimizerCoupling(
                    table.optimizers().get(o),
                    ifKnown(polish.columns()[o]),
                    coupling[o],
                    failures[o],
                    accuracyRanks[o],
                    robustnessRanks[o],
                    couplingRanks[o],
                    costRanks[o],
                    overall[o],
                    overallRanks[o],
                    worst(Means.column(regrets, o)),
                    columnCells[o]));
        }
        return List.copyOf(optimizers);
    }

    private double[] given(Map<String, Double> ranks) {
        return table.optimizers().stream()
                .mapToDouble(o -> ranks.getOrDefault(o, Double.NaN))
                .toArray();
    }

    private static double[] overall(double[] accuracy, double[] robustness, double[] coupling, double[] cost) {
        double light = Coupling.OptimizerCoupling.LIGHT_WEIGHT;
        double[] overall = new double[accuracy.length];
        for (int o = 0; o < overall.length; o++) {
            double weights = 1 + light;
            double sum = accuracy[o] + light * coupling[o];
            if (!Double.isNaN(robustness[o])) {
                sum += robustness[o];
                weights += 1;
            }
            if (!Double.isNaN(cost[o])) {
                sum += light * cost[o];
                weights += light;
            }
            overall[o] = sum / weights;
        }
        return overall;
    }

    private static double worst(double[] regrets) {
        return Arrays.stream(regrets).filter(r -> !Double.isNaN(r)).max().orElse(Double.NaN);
    }

    /** Mean over an optimizer's backbones of its device seconds over the backbone's mean; NaN where unknown. */
    private double[] relativeCosts() {
        double[][] costs = new double[points.length][columnCells.length];
        for (int b = 0; b < costs.length; b++) {
            for (int o = 0; o < columnCells.length; o++) {
                Cell cell = cells[b][o];
                costs[b][o] = cell == null ? Double.NaN : cell.deviceSeconds();
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

    private List<Coupling.CellCoupling> cells() {
        double quantile = uncertainty.quantile();
        List<Coupling.CellCoupling> couplings = new ArrayList<>();
        for (int b = 0; b < points.length; b++) {
            String backbone = table.backbones().get(b);
            TreeSet<String> best = new TreeSet<>(advice.best().getOrDefault(backbone, List.of()));
            for (int o = 0; o < columnCells.length; o++) {
                String optimizer = table.optimizers().get(o);
                Cell cell = cells[b][o];
                if (cell != null) {
                    couplings.add(new Coupling.CellCoupling(
                            backbone,
                            optimizer,
                            cell,
                            estimate(b, o, quantile),
                            failed(b, o),
                            best.contains(optimizer)));
                }
            }
        }
        return List.copyOf(couplings);
    }

    private Estimate estimate(int b, int o, double quantile) {
        if (!hasResidual(b, o)) {
            return Estimate.TOO_FEW;
        }
        return Estimate.around(residual(b, o), quantile * Math.sqrt(residualVariance(b, o)));
    }

    /**
     * Error variance of a polished residual: the cell's own error and those of the medians of the other cells of its row and column, each
     * π/2 times as uncertain as a mean (the median's asymptotic efficiency for normal errors), and of the overall level. A row or
     * column of two cells has no median but its mean: there the residual is that of least squares.
     */
    private double residualVariance(int b, int o) {
        if (uncertainty.basis() == Uncertainty.Basis.NONE) {
            return Double.NaN;
        }
        if (rowCells[b] < 3 || columnCells[o] < 3) {
            return leastSquaresVariance(b, o);
        }
        double ofRow = Math.PI / 2 / (rowCells[b] - 1);
        double ofColumn = Math.PI / 2 / (columnCells[o] - 1);
        return variances[b][o]
                + ofRow * rowVariances[b]
                + ofColumn * columnVariances[o]
                + ofRow * ofColumn * meanVariance;
    }

    private double leastSquaresVariance(int b, int o) {
        double sum = 0;
        for (int i = 0; i < points.length; i++) {
            for (int j = 0; j < columnCells.length; j++) {
                if (!Double.isNaN(points[i][j])) {
                    double weight = ((i == b ? 1 : 0) - 1.0 / columnCells[o]) * ((j == o ? 1 : 0) - 1.0 / rowCells[b]);
                    sum += weight * weight * variances[i][j];
                }
            }
        }
        return sum;
    }
}
