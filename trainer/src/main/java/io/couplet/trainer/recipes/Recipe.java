package io.couplet.trainer.recipes;

/**
 * How a run is trained.
 *
 * @param name as a study writes it
 * @param labelSmoothing share of the target spread evenly over all classes, in [0, 1)
 * @param clipGradientNorm the gradient's global norm is scaled down to this; 0 for never
 * @param excludeBiasesAndNorms biases, norms, scales and embeddings do not decay
 * @param dropPath stochastic depth: share of images that skip the last residual branch, in [0, 1)
 * @param augmentation {@code none} or {@code crop-flip}
 */
public record Recipe(
        String name,
        double labelSmoothing,
        double clipGradientNorm,
        boolean excludeBiasesAndNorms,
        double dropPath,
        String augmentation) {

    public Recipe {
        if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
            throw new IllegalArgumentException("labelSmoothing must be in [0, 1), was " + labelSmoothing);
        }
        if (!(clipGradientNorm >= 0)) {
            throw new IllegalArgumentException("clipGradientNorm must be at least 0, was " + clipGradientNorm);
        }
    }

    public Recipe withLabelSmoothing(double value) {
        return new Recipe(name, value, clipGradientNorm, excludeBiasesAndNorms, dropPath, augmentation);
    }

    public Recipe withClipGradientNorm(double value) {
        return new Recipe(name, labelSmoothing, value, excludeBiasesAndNorms, dropPath, augmentation);
    }

    public Recipe withAugmentation(String value) {
        return new Recipe(name, labelSmoothing, clipGradientNorm, excludeBiasesAndNorms, dropPath, value);
    }

    /** The learning rate's course; all recipes so far follow a cosine. */
    public Schedule schedule(int warmupSteps, int budgetSteps) {
        return Schedule.cosineWithWarmup(warmupSteps, budgetSteps);
    }
}
