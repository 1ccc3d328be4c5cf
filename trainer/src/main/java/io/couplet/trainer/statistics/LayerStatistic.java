package io.couplet.trainer.statistics;

import org.jspecify.annotations.Nullable;

/**
 * One weight tensor, taken as the matrix (out, everything else). With s its singular values, λ = s² are the eigenvalues of WᵀW.
 *
 * @param name of the tensor
 * @param parameters its elements
 * @param alpha power-law exponent of the tail of λ, see {@link PowerLaw}; null when there are fewer than {@value Spectrum#LEAST_EIGENVALUES} eigenvalues, when they
 *     have no tail, or when the spectrum was not computed
 * @param entropy −Σ p ln p with p = λ / Σ λ, nats; at most the logarithm of the rank; null when the spectrum was not computed
 * @param l2Norm √Σ w²
 * @param topPcaEnergy share of Σ λ in the largest tenth of the λ, rounded up to whole ones; the matrix is not centred; null when the spectrum was not computed
 */
public record LayerStatistic(
        String name,
        long parameters,
        @Nullable Double alpha,
        @Nullable Double entropy,
        double l2Norm,
        @Nullable Double topPcaEnergy) {}
