package io.couplet.schemas.study;

import org.jspecify.annotations.Nullable;

/**
 * How the runs of a study are trained.
 *
 * @param name registered recipe
 * @param warmup learning-rate warm-up
 * @param labelSmoothing in [0, 1); null takes the recipe's
 * @param clipGradientNorm bound of the gradient's norm, 0 for none; null takes the recipe's
 * @param augmentation registered augmentation; null takes the recipe's
 */
public record RecipeSpecification(
        String name,
        Warmup warmup,
        @Nullable Double labelSmoothing,
        @Nullable Double clipGradientNorm,
        @Nullable String augmentation) {

    public RecipeSpecification {
        Bounds.LABEL_SMOOTHING.requireIfGiven("recipe.label-smoothing", labelSmoothing);
        Bounds.CLIP_GRADIENT_NORM.requireIfGiven("recipe.clip-gradient-norm", clipGradientNorm);
    }
}
