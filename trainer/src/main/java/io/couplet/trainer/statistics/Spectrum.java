package io.couplet.trainer.statistics;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.dense.row.mult.MatrixMultProduct_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/** The eigenvalues of WᵀW that are not zero, ascending. */
@SuppressWarnings("ArrayRecordComponent") // nobody compares spectra
record Spectrum(double[] eigenvalues) {
    static final int LEAST_EIGENVALUES = 10;

    /**
     * Above this many multiplications (rows · columns · the smaller of both) no spectrum is computed: the decomposition takes some seconds there.
     */
    static final double MOST_WORK = 1.5e9;

    /** Singular values below this share of the largest, times the larger dimension, are rounding: the weights are floats. */
    private static final double FLOAT_EPSILON = Math.ulp(1f);

    /** @return empty when it would take too long, when a weight is not finite, or when the decomposition fails */
    static Optional<Spectrum> of(float[] values, int offset, int rows, int columns) {
        if ((double) rows * columns * Math.min(rows, columns) > MOST_WORK) {
            return Optional.empty();
        }
        boolean wide = rows <= columns;
        int n = Math.min(rows, columns);
        int m = Math.max(rows, columns);
        // The products of the shorter side's vectors, which have the same eigenvalues but for zeros; in double, weights
        // being floats, they cost no digit that counts.
        DMatrixRMaj matrix = new DMatrixRMaj(n, m);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                float value = values[offset + i * columns + j];
                if (!Float.isFinite(value)) {
                    return Optional.empty();
                }
                matrix.data[wide ? i * m + j : j * m + i] = value;
            }
        }
        DMatrixRMaj products = new DMatrixRMaj(n, n);
        MatrixMultProduct_DDRM.outer(matrix, products);
        EigenDecomposition_F64<DMatrixRMaj> decomposition = DecompositionFactory_DDRM.eig(n, false, true);
        if (!decomposition.decompose(products)) {
            return Optional.empty();
        }
        double[] all = IntStream.range(0, n)
                .mapToDouble(i -> decomposition.getEigenvalue(i).getReal())
                .sorted()
                .toArray();
        double least = Math.max(rows, columns) * FLOAT_EPSILON;
        double smallest = least * least * all[n - 1];
        return Optional.of(new Spectrum(
                Arrays.stream(all).filter(value -> value > smallest).toArray()));
    }

    Optional<PowerLaw> powerLaw() {
        return eigenvalues.length < LEAST_EIGENVALUES ? Optional.empty() : PowerLaw.fit(eigenvalues);
    }

    double sum() {
        return Arrays.stream(eigenvalues).sum();
    }

    /** Of the eigenvalues as shares of their sum, nats. */
    double entropy() {
        double sum = sum();
        return Arrays.stream(eigenvalues)
                .map(value -> value / sum)
                .map(p -> -p * Math.log(p))
                .sum();
    }

    /** The share of the sum that the largest ones have. */
    double energyOfTop(int count) {
        return Arrays.stream(eigenvalues)
                        .skip(Math.max(0, eigenvalues.length - count))
                        .sum()
                / sum();
    }
}
