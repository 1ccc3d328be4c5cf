package io.couplet.schemas.study;

import org.jspecify.annotations.Nullable;

/**
 * How the runs of a study are trained. Whatever is null is as the recipe has it.
 *
 * @param name registered recipe
 * @param warmup learning-rate warm-up
 * @param labelSmoothing in [0, 1)
 * @param clipGradientNorm bound of the gradient's norm, 0 for none
 * @param augmentation registered augmentation of single images
 * @param mixup alpha of the shares in which two images are blended, 0 for none
 * @param cutmix alpha of the shares in which a part of one image is pasted into another, 0 for none
 * @param randomErasing share of images of which a rectangle is erased, in [0, 1]
 * @param dropPath stochastic depth: share of images that skip the last residual branch, in [0, 1)
 * @param emaDecay decay a step of the average of weights that is evaluated, in [0, 1); 0 evaluates the weights themselves
 * @param loss registered loss
 */
public record RecipeSpecification(
        String name,
        Warmup warmup,
        @Nullable Double labelSmoothing,
        @Nullable Double clipGradientNorm,
        @Nullable String augmentation,
        @Nullable Double mixup,
        @Nullable Double cutmix,
        @Nullable Double randomErasing,
        @Nullable Double dropPath,
        @Nullable Double emaDecay,
        @Nullable String loss) {

    public RecipeSpecification {
        Bounds.LABEL_SMOOTHING.requireIfGiven("recipe.label-smoothing", labelSmoothing);
        Bounds.CLIP_GRADIENT_NORM.requireIfGiven("recipe.clip-gradient-norm", clipGradientNorm);
        Bounds.MIXING_ALPHA.requireIfGiven("recipe.mixup", mixup);
        Bounds.MIXING_ALPHA.requireIfGiven("recipe.cutmix", cutmix);
        Bounds.RANDOM_ERASING.requireIfGiven("recipe.random-erasing", randomErasing);
        Bounds.DROP_PATH.requireIfGiven("recipe.drop-path", dropPath);
        Bounds.EMA_DECAY.requireIfGiven("recipe.ema-decay", emaDecay);
    }

    /** A recipe as it is registered. */
    public static RecipeSpecification of(String name, Warmup warmup) {
        return new RecipeSpecification(name, warmup, null, null, null, null, null, null, null, null, null);
    }
}
