package io.couplet.scores.coupling;

import java.util.Arrays;

/**
 * Weighted least squares of {@code value = overall + row + column} over the cells that report.
 *
 * <p>A complete table with equal weights has its means. Otherwise the normal equations are solved: the longer side is eliminated and the Schur complement of
 * the shorter, with one of each block's effects held at 0 (see {@link Incidence}), is factored by Cholesky; time grows with rows · columns · the
 * shorter side. Effects sum to 0 over the rows and columns that report. Between blocks that share no row and no column effects cannot be
 * compared; fitted values and residuals are right all the same.
 *
 * @param overall the mean of the rows' levels
 * @param rows the rows' effects; NaN for a row without cells
 * @param columns the columns' effects; NaN likewise
 * @param residualSum the weighted sum of squared residuals
 */
record AdditiveFit(double overall, double[] rows, double[] columns, double residualSum) {

    /** Equal weights. */
    static AdditiveFit of(double[][] values, Incidence incidence) {
        if (incidence.isComplete()) {
            double[] rows = new double[values.length];
            double[] columns = new double[values.length == 0 ? 0 : values[0].length];
            double mean = Means.of(Means.flat(values));
            for (int i = 0; i < rows.length; i++) {
                rows[i] = Means.of(values[i]) - mean;
            }
            for (int j = 0; j < columns.length; j++) {
                columns[j] = Means.of(Means.column(values, j));
            }
            return centred(values, ones(values), rows, columns);
        }
        return of(values, ones(values), incidence);
    }

    /**
     * Weighted.
     *
     * @param weights of the table's shape, positive; not read where no cell reports
     */
    static AdditiveFit of(double[][] values, double[][] weights, Incidence incidence) {
        if (values.length == 0 || values[0].length <= values.length) {
            double[][] effects = solve(values, weights, incidence.columnBlocks(), incidence.blocks());
            return centred(values, weights, effects[0], effects[1]);
        }
        double[][] effects = solve(transposed(values), transposed(weights), incidence.rowBlocks(), incidence.blocks());
        return centred(values, weights, effects[1], effects[0]);
    }

    /** Effects of rows and columns, rows eliminated. */
    private static double[][] solve(double[][] values, double[][] weights, int[] columnBlocks, int blocks) {
        int n = values.length;
        int m = columnBlocks.length;
        double[][] schur = new double[m][m];
        double[] right = new double[m];
        double[] rowWeight = new double[n];
        double[] rowMean = new double[n];
        double shift = Means.of(Means.flat(values));
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < m; j++) {
                if (!Double.isNaN(values[i][j])) {
                    rowWeight[i] += weights[i][j];
                    rowMean[i] += weights[i][j] * (values[i][j] - shift);
                }
            }
            rowMean[i] /= rowWeight[i];
            for (int j = 0; j < m; j++) {
                if (!Double.isNaN(values[i][j])) {
                    double w = weights[i][j];
                    right[j] += w * (values[i][j] - shift - rowMean[i]);
                    schur[j][j] += w;
                    for (int k = 0; k <= j; k++) {
                        schur[j][k] -= Double.isNaN(values[i][k]) ? 0 : w * weights[i][k] / rowWeight[i];
                    }
                }
            }
        }
        ground(schur, right, columnBlocks, blocks);
        double[] columns = cholesky(schur, right);
        double[] rows = new double[n];
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int j = 0; j < m; j++) {
                sum += Double.isNaN(values[i][j]) ? 0 : weights[i][j] * columns[j];
            }
            rows[i] = rowWeight[i] > 0 ? shift + rowMean[i] - sum / rowWeight[i] : Double.NaN;
        }
        for (int j = 0; j < m; j++) {
            columns[j] = columnBlocks[j] < 0 ? Double.NaN : columns[j];
        }
        return new double[][] {rows, columns};
    }

    /** Holds the first column of each block, and columns without cells, at 0. */
    private static void ground(double[][] schur, double[] right, int[] columnBlocks, int blocks) {
        boolean[] grounded = new boolean[blocks];
        for (int j = 0; j < right.length; j++) {
            int block = columnBlocks[j];
            if (block >= 0 && grounded[block]) {
                continue;
            }
            if (block >= 0) {
                grounded[block] = true;
            }
            Arrays.fill(schur[j], 0, j, 0);
            for (int k = j + 1; k < right.length; k++) {
                schur[k][j] = 0;
            }
            schur[j][j] = 1;
            right[j] = 0;
        }
    }

    /** Solves in place; the lower triangle holds a symmetric, positive definite matrix. */
    private static double[] cholesky(double[][] lower, double[] right) {
        int m = right.length;
        for (int j = 0; j < m; j++) {
            for (int k = 0; k <= j; k++) {
                double sum = lower[j][k];
                for (int l = 0; l < k; l++) {
                    sum -= lower[j][l] * lower[k][l];
                }
                lower[j][k] = j == k ? Math.sqrt(sum) : sum / lower[k][k];
            }
        }
        double[] x = right.clone();
        for (int j = 0; j < m; j++) {
            for (int l = 0; l < j; l++) {
                x[j] -= lower[j][l] * x[l];
            }
            x[j] /= lower[j][j];
        }
        for (int j = m - 1; j >= 0; j--) {
            for (int l = j + 1; l < m; l++) {
                x[j] -= lower[l][j] * x[l];
            }
            x[j] /= lower[j][j];
        }
        return x;
    }

    private static AdditiveFit centred(double[][] values, double[][] weights, double[] rows, double[] columns) {
        double residual = 0;
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < columns.length; j++) {
                if (!Double.isNaN(values[i][j])) {
                    double r = values[i][j] - rows[i] - columns[j];
                    residual += weights[i][j] * r * r;
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

    private static double[][] ones(double[][] values) {
        double[][] ones = new double[values.length][];
        for (int i = 0; i < ones.length; i++) {
            ones[i] = new double[values[i].length];
            Arrays.fill(ones[i], 1);
        }
        return ones;
    }

    private static double[][] transposed(double[][] values) {
        double[][] transposed = new double[values[0].length][];
        for (int j = 0; j < transposed.length; j++) {
            transposed[j] = Means.column(values, j);
        }
        return transposed;
    }

    /** Fitted value of a cell, NaN when its row or column has none. */
    double at(int row, int column) {
        return overall + rows[row] + columns[column];
    }

    /** Value less fitted value of shape (rows, columns); NaN where no cell reports. */
    double[][] residuals(double[][] values) {
        double[][] residuals = new double[values.length][];
        for (int i = 0; i < values.length; i++) {
            residuals[i] = values[i].clone();
            for (int j = 0; j < residuals[i].length; j++) {
                residuals[i][j] -= at(i, j);
            }
        }
        return residuals;
    }
}
