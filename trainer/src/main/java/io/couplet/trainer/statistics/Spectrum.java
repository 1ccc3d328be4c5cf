package io.couplet.trainer.statistics;

import java.util.Arrays;
import java.util.Optional;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

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
        DMatrixRMaj matrix = new DMatrixRMaj(rows, columns);
        for (int i = 0; i < rows * columns; i++) {
            if (!Float.isFinite(values[offset + i])) {
                return Optional.empty();
            }
            matrix.data[i] = values[offset + i];
        }
        SingularValueDecomposition_F64<DMatrixRMaj> svd =
                DecompositionFactory_DDRM.svd(rows, columns, false, false, true);
        if (!svd.decompose(matrix)) {
            return Optional.empty();
        }
        double[] singular = Arrays.copyOf(svd.getSingularValues(), svd.numberOfSingularValues());
        Arrays.sort(singular);
        double least = Math.max(rows, columns) * FLOAT_EPSILON * singular[singular.length - 1];
        return Optional.of(new Spectrum(
                Arrays.stream(singular).filter(s -> s > least).map(s -> s * s).toArray()));
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
