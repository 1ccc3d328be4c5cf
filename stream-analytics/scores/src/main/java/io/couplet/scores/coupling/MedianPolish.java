package io.couplet.scores.coupling;

import java.util.Arrays;

/**
 * Tukey's median polish of a table with missing cells: {@code value = overall + row + column + residual} (Tukey 1977, Exploratory Data Analysis,
 * chapter 11). Rows are swept before columns, until no residual changes by more than 1e-10 of the largest value.
 *
 * @param overall the overall level
 * @param rows the rows' effects; NaN for a row without cells
 * @param columns the columns' effects; NaN likewise
 * @param residuals of shape (rows, columns); NaN where no cell reports
 */
record MedianPolish(double overall, double[] rows, double[] columns, double[][] residuals) {

    private static final int MOST_SWEEPS = 1_000;
    private static final double TOLERANCE = 1e-10;

    static MedianPolish of(double[][] values) {
        int n = values.length;
        int m = n == 0 ? 0 : values[0].length;
        double[][] residuals = new double[n][];
        double largest = 0;
        for (int i = 0; i < n; i++) {
            residuals[i] = values[i].clone();
            for (double value : values[i]) {
                largest = Math.abs(value) > largest ? Math.abs(value) : largest;
            }
        }
        double[] rows = new double[n];
        double[] columns = new double[m];
        double moved = Double.POSITIVE_INFINITY;
        for (int sweep = 0; sweep < MOST_SWEEPS && moved > TOLERANCE * largest; sweep++) {
            moved = sweep(residuals, rows, columns);
        }
        return centred(rows, columns, residuals);
    }

    private static double sweep(double[][] residuals, double[] rows, double[] columns) {
        double moved = 0;
        for (int i = 0; i < rows.length; i++) {
            double median = median(residuals[i]);
            rows[i] += median;
            for (int j = 0; j < columns.length; j++) {
                residuals[i][j] -= median;
            }
            moved = Math.max(moved, Double.isNaN(median) ? 0 : Math.abs(median));
        }
        double[] column = new double[rows.length];
        for (int j = 0; j < columns.length; j++) {
            for (int i = 0; i < rows.length; i++) {
                column[i] = residuals[i][j];
            }
            double median = median(column);
            columns[j] += median;
            for (int i = 0; i < rows.length; i++) {
                residuals[i][j] -= median;
            }
            moved = Math.max(moved, Double.isNaN(median) ? 0 : Math.abs(median));
        }
        return moved;
    }

    private static MedianPolish centred(double[] rows, double[] columns, double[][] residuals) {
        double row = median(rows);
        double column = median(columns);
        for (int i = 0; i < rows.length; i++) {
            rows[i] -= row;
        }
        for (int j = 0; j < columns.length; j++) {
            columns[j] -= column;
        }
        return new MedianPolish(row + column, rows, columns, residuals);
    }

    /** Median of the values that are no NaN; NaN when there is none. */
    static double median(double[] values) {
        double[] known =
                Arrays.stream(values).filter(v -> !Double.isNaN(v)).sorted().toArray();
        int n = known.length;
        return n == 0 ? Double.NaN : (known[(n - 1) / 2] + known[n / 2]) / 2;
    }
}
