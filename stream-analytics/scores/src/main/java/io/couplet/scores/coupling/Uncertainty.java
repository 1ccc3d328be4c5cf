package io.couplet.scores.coupling;

import java.util.Comparator;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * What is known of the error of a cell's accuracy.
 *
 * <p>With seeds: the variance over seeds pooled over all cells that have at least two (one-way within-cell mean square), over the cell's
 * number of seeds; a cell whose every seed diverged is so many times chance level, which says nothing of how much seeds differ, and is left out. With a known number of validation samples: the binomial variance {@code p(1 − p)/n} of the sampling of the validation set is
 * added; with one seed everywhere it stands alone and is a lower bound, because another seed would differ by more than that.
 *
 * @param basis what it rests on
 * @param seedVariance pooled sample variance over seeds, of fractions; 0 without
 * @param freedom its degrees of freedom; 0 without
 * @param validationSamples validation images each accuracy was measured on; 0 when unknown
 */
public record Uncertainty(Basis basis, double seedVariance, int freedom, long validationSamples) {

    /** What an interval rests on. */
    public enum Basis {
        /** Nothing: one seed, and the size of the validation set unknown. */
        NONE,
        /** The sampling of the validation images only; a lower bound. */
        VALIDATION_SAMPLING,
        /** Differences between seeds, and the sampling of the validation images when their number is known. */
        SEEDS
    }

    private static final double UPPER = 0.975;

    static Uncertainty of(Table table, long validationSamples) {
        double deviations = 0;
        int freedom = 0;
        // Sorted, so that the sum does not depend on the order of a hash map.
        for (Cell cell : table.cells().values().stream()
                .filter(each -> !each.diverged())
                .sorted(Comparator.comparingDouble(Cell::deviations))
                .toList()) {
            deviations += cell.deviations();
            freedom += cell.seeds() - 1;
        }
        if (freedom > 0) {
            return new Uncertainty(Basis.SEEDS, deviations / freedom, freedom, validationSamples);
        }
        Basis basis = validationSamples > 0 ? Basis.VALIDATION_SAMPLING : Basis.NONE;
        return new Uncertainty(basis, 0, 0, validationSamples);
    }

    /** Variance of a cell's accuracy as a fraction; NaN on no basis. */
    double variance(double accuracy, int seeds) {
        if (basis == Basis.NONE) {
            return Double.NaN;
        }
        double sampling = validationSamples > 0 ? accuracy * (1 - accuracy) / validationSamples : 0;
        return seedVariance / seeds + sampling;
    }

    /** Two-sided 95 % quantile of the error over its standard deviation: Student's with seeds, normal without. */
    double quantile() {
        return quantile(UPPER);
    }

    /** Quantile of the error over its standard deviation. */
    double quantile(double probability) {
        return basis == Basis.SEEDS
                ? TDistribution.of(freedom).inverseCumulativeProbability(probability)
                : NormalDistribution.of(0, 1).inverseCumulativeProbability(probability);
    }
}
