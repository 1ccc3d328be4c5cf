package io.couplet.scores.coupling;

/**
 * Least squares of {@code value = overall + row + column} over the cells that report, each cell with the same weight.
 *
 * <p>Solved by alternating means, which is Gauss–Seidel on the normal equations and converges to their solution; effects sum to 0 over the rows and
 * columns that report. When the cells fall into blocks that share no row and no column, effects cannot be compared between blocks; the
 * residuals are right all the same.
 *
 * @param overall the mean of the rows' levels
 * @param rows the rows' effects; NaN for a row without cells
 * @param columns the columns' effects; NaN likewise
 * @param residualSum the sum of squared residuals
 */
record AdditiveFit(double overall, double[] rows, double[] columns, double residualSum) {

    private static final int MOST_SWEEPS = 10_000;
    private static final double TOLERANCE = 1e-13;

    static AdditiveFit of(double[][] values) {
        int n = values.length;
        int m = n == 0 ? 0 : values[0].length;
        double[] rows = new double[n];
        double[] columns = new double[m];
        double moved = Double.POSITIVE_INFINITY;
        for (int sweep = 0; sweep < MOST_SWEEPS && moved > TOLERANCE; sweep++) {
            moved = 0;
            for (int i = 0; i < n; i++) {
                double level = Means.of(minus(values[i], columns));
                moved = Math.max(moved, Double.isNaN(level) ? 0 : Math.abs(level - rows[i]));
                rows[i] = level;
            }
            for (int j = 0; j < m; j++) {
                double level = Means.of(minus(Means.column(values, j), rows));
                moved = Math.max(moved, Double.isNaN(level) ? 0 : Math.abs(level - columns[j]));
                columns[j] = level;
            }
        }
        return centred(values, rows, columns);
    }

    private static AdditiveFit centred(double[][] values, double[] rows, double[] columns) {
        double residual = 0;
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < columns.length; j++) {
                if (!Double.isNaN(values[i][j])) {
                    double r = values[i][j] - rows[i] - columns[j];
                    residual += r * r;
                }
            }
        }
        double row = Means.of(rows);
        double column = Means.of(columns);
        for (int i = 0; i < rows.length; i++) {
            rows[i] -= row;
        }
        for (int j = 0; j < columns.length; j++) {
            columns[j] -= column;
        }
        return new AdditiveFit(row + column, rows, columns, residual);
    }

    private static double[] minus(double[] values, double[] effects) {
        double[] difference = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            difference[i] = values[i] - effects[i];
        }
        return difference;
    }

    /** Fitted value of a cell, NaN when its row or column has none. */
    double at(int row, int column) {
        return overall + rows[row] + columns[column];
    }
}
