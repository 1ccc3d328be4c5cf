package io.couplet.trainer.recipes;

import java.util.function.Consumer;

/**
 * How a run is trained.
 *
 * @param name as a study writes it
 * @param loss what is made smaller
 * @param labelSmoothing share of the target spread evenly over all classes, in [0, 1)
 * @param clipGradientNorm the gradient's global norm is scaled down to this; 0 for never
 * @param excludeBiasesAndNorms biases, norms, scales and embeddings do not decay
 * @param dropPath stochastic depth: share of images that skip the last residual branch, in [0, 1)
 * @param emaDecay decay a step of the average of weights that is evaluated, in [0, 1); 0 evaluates the weights themselves
 * @param augmentation of single images, by name
 * @param mixup alpha of the shares in which two images are blended; 0 for none
 * @param cutmix alpha of the shares in which a part of one image is pasted into another; 0 for none
 * @param randomErasing share of images of which a rectangle is erased, in [0, 1]
 */
public record Recipe(
        String name,
        Loss loss,
        double labelSmoothing,
        double clipGradientNorm,
        boolean excludeBiasesAndNorms,
        double dropPath,
        double emaDecay,
        String augmentation,
        double mixup,
        double cutmix,
        double randomErasing) {

    private static final String SMALL = "crop-flip";
    private static final String LARGE = "resized-crop-flip";

    public Recipe {
        requireShare("labelSmoothing", labelSmoothing);
        requireAtLeastZero("clipGradientNorm", clipGradientNorm);
        requireShare("dropPath", dropPath);
        requireShare("emaDecay", emaDecay);
        requireAtLeastZero("mixup", mixup);
        requireAtLeastZero("cutmix", cutmix);
        if (!(randomErasing >= 0 && randomErasing <= 1)) {
            throw new IllegalArgumentException("randomErasing must be in [0, 1], was " + randomErasing);
        }
    }

    private static void requireShare(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(name + " must be in [0, 1), was " + value);
        }
    }

    private static void requireAtLeastZero(String name, double value) {
        if (!(value >= 0)) {
            throw new IllegalArgumentException(name + " must be at least 0, was " + value);
        }
    }

    /** Cross-entropy on the images as they are, no decay on biases and norms, and nothing else. */
    static Recipe bare(String name) {
        return new Recipe(name, Loss.CROSS_ENTROPY, 0, 0, true, 0, 0, "none", 0, 0, 0);
    }

    public Recipe withLoss(Loss value) {
        return with(draft -> draft.loss = value);
    }

    public Recipe withLabelSmoothing(double value) {
        return with(draft -> draft.labelSmoothing = value);
    }

    public Recipe withClipGradientNorm(double value) {
        return with(draft -> draft.clipGradientNorm = value);
    }

    public Recipe withExcludeBiasesAndNorms(boolean value) {
        return with(draft -> draft.excludeBiasesAndNorms = value);
    }

    public Recipe withDropPath(double value) {
        return with(draft -> draft.dropPath = value);
    }

    public Recipe withEmaDecay(double value) {
        return with(draft -> draft.emaDecay = value);
    }

    public Recipe withAugmentation(String value) {
        return with(draft -> draft.augmentation = value);
    }

    public Recipe withMixing(double newMixup, double newCutmix) {
        return with(draft -> {
            draft.mixup = newMixup;
            draft.cutmix = newCutmix;
        });
    }

    public Recipe withRandomErasing(double value) {
        return with(draft -> draft.randomErasing = value);
    }

    /** The same for images of ImageNet's kind: windows of any size in place of padded crops. */
    public Recipe forLargeImages() {
        return augmentation.startsWith(SMALL) ? withAugmentation(LARGE + augmentation.substring(SMALL.length())) : this;
    }

    private Recipe with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.recipe(this);
    }

    /** What of a recipe can be another, to be changed and made a recipe again. */
    private static final class Draft {
        private Loss loss;
        private double labelSmoothing;
        private double clipGradientNorm;
        private boolean excludeBiasesAndNorms;
        private double dropPath;
        private double emaDecay;
        private String augmentation;
        private double mixup;
        private double cutmix;
        private double randomErasing;

        Draft(Recipe recipe) {
            loss = recipe.loss;
            labelSmoothing = recipe.labelSmoothing;
            clipGradientNorm = recipe.clipGradientNorm;
            excludeBiasesAndNorms = recipe.excludeBiasesAndNorms;
            dropPath = recipe.dropPath;
            emaDecay = recipe.emaDecay;
            augmentation = recipe.augmentation;
            mixup = recipe.mixup;
            cutmix = recipe.cutmix;
            randomErasing = recipe.randomErasing;
        }

        Recipe recipe(Recipe from) {
            return new Recipe(
                    from.name,
                    loss,
                    labelSmoothing,
                    clipGradientNorm,
                    excludeBiasesAndNorms,
                    dropPath,
                    emaDecay,
                    augmentation,
                    mixup,
                    cutmix,
                    randomErasing);
        }
    }
}
