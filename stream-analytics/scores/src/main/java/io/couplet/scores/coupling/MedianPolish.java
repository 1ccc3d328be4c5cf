package io.couplet.scores.coupling;

/**
 * Tukey's median polish of a table with missing cells: {@code value = overall + row + column + residual} (Tukey 1977, Exploratory Data Analysis,
 * chapter 11). Rows are swept before columns, until no residual changes by more than 1e-10 of the largest value, or for 1,000 sweeps, fewer (but 50)
 * when the table has more than 100,000 cells.
 *
 * @param overall the overall level
 * @param rows the rows' effects; NaN for a row without cells
 * @param columns the columns' effects; NaN likewise
 * @param residuals of shape (rows, columns); NaN where no cell reports
 */
record MedianPolish(double overall, double[] rows, double[] columns, double[][] residuals) {

    private static final int MOST_SWEEPS = 1_000;
    private static final int LEAST_SWEEPS = 50;
    private static final long MOST_VISITS = 100_000_000;
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
        long most = Math.max(LEAST_SWEEPS, Math.min(MOST_SWEEPS, MOST_VISITS / Math.max(1, (long) n * m)));
        for (int sweep = 0; sweep < most && moved > TOLERANCE * largest; sweep++) {
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
        double[] known = new double[values.length];
        int n = 0;
        for (double value : values) {
            if (!Double.isNaN(value)) {
                known[n++] = value;
            }
        }
        if (n == 0) {
            return Double.NaN;
        }
        double upper = select(known, n, n / 2);
        if (n % 2 == 1) {
            return upper;
        }
        double lower = known[0];
        for (int i = 1; i < n / 2; i++) {
            lower = Math.max(lower, known[i]);
        }
        return (lower + upper) / 2;
    }

    /** The value at {@code at} in ascending order (Hoare 1961); smaller ones stand before it afterwards, larger ones behind. */
    private static double select(double[] values, int n, int at) {
        int low = 0;
        int high = n - 1;
        while (low < high) {
            double pivot = values[low + (high - low) / 2];
            int i = low;
            int j = high;
            while (i <= j) {
                while (values[i] < pivot) {
                    i++;
                }
                while (values[j] > pivot) {
                    j--;
                }
                if (i <= j) {
                    double swapped = values[i];
                    values[i++] = values[j];
                    values[j--] = swapped;
                }
            }
            if (at <= j) {
                high = j;
            } else if (at >= i) {
                low = i;
            } else {
                break;
            }
        }
        return values[at];
    }
}
