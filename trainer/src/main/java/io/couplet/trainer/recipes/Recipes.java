package io.couplet.trainer.recipes;

import io.couplet.trainer.backbones.Backbones;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every recipe there is, by the name that a study uses: those that the paper (Li et al. 2024, arXiv:2410.06373) trains by, with the figures of the publications named beside each, in the form that its authors train CIFAR-100
 * in (OpenMixup, {@code configs/classification/cifar100}): the strengths are ImageNet's, the window is a padded crop.
 *
 * <p>Learning rate, weight decay and warm-up are not a recipe's: the first two belong to the optimizer, which is what a study compares, the last to the budget.
 */
public final class Recipes {
    private Recipes() {}

    /** Stands for the recipe that belongs to a backbone. */
    public static final String AUTO = "auto";

    /**
     * What torchvision's reference scripts do for ResNet: random crops and flips, cross-entropy, nothing else.
     */
    private static final Recipe TORCH_STYLE = Recipe.bare("torch-style").withAugmentation("crop-flip");

    /**
     * Touvron et al. 2021, arXiv:2012.12877, Table 9: RandAugment 9/0.5, mixup 0.8, cutmix 1.0, random erasing 0.25, label smoothing 0.1, stochastic depth 0.1.
     * Clipping at 5.0 is OpenMixup's ({@code deit_s_adamw_sz224_bs100_ep200.py}); Table 9 has none.
     */
    private static final Recipe DEIT = Recipe.bare("deit")
            .withAugmentation("crop-flip-rand-m9")
            .withMixing(0.8, 1)
            .withRandomErasing(0.25)
            .withLabelSmoothing(0.1)
            .withDropPath(0.1)
            .withClipGradientNorm(5);

    /**
     * Liu et al. 2022, arXiv:2201.03545, Table 5, column ConvNeXt-T: RandAugment 9/0.5, mixup 0.8, cutmix 1.0, random erasing 0.25, label smoothing 0.1, stochastic
     * depth 0.1, no clipping, an exponential moving average of decay 0.9999.
     */
    private static final Recipe CONVNEXT = Recipe.bare("convnext")
            .withAugmentation("crop-flip-rand-m9")
            .withMixing(0.8, 1)
            .withRandomErasing(0.25)
            .withLabelSmoothing(0.1)
            .withDropPath(0.1)
            .withEmaDecay(0.9999);

    /**
     * Wightman et al. 2021, arXiv:2110.00476, Table 2, procedure A2: binary cross-entropy, RandAugment 7/0.5, mixup 0.1, cutmix 1.0, stochastic depth 0.05, no label
     * smoothing, erasing or clipping.
     */
    private static final Recipe RSB_A2 = Recipe.bare("rsb-a2")
            .withLoss(Loss.BINARY_CROSS_ENTROPY)
            .withAugmentation("crop-flip-rand-m7")
            .withMixing(0.1, 1)
            .withDropPath(0.05);

    private static final Map<String, Recipe> RECIPES = list(TORCH_STYLE, Recipe.bare("plain"), DEIT, CONVNEXT, RSB_A2);

    private static Map<String, Recipe> list(Recipe... recipes) {
        Map<String, Recipe> map = new LinkedHashMap<>();
        for (Recipe recipe : recipes) {
            map.put(recipe.name(), recipe);
        }
        return map;
    }

    public static List<String> names() {
        return List.copyOf(RECIPES.keySet());
    }

    /** All that a study may write: the names, and {@link #AUTO}. */
    public static List<String> choices() {
        List<String> choices = new ArrayList<>(names());
        choices.add(AUTO);
        return List.copyOf(choices);
    }

    /** @throws IllegalArgumentException with the names there are */
    public static Recipe named(String name) {
        Recipe recipe = RECIPES.get(name);
        if (recipe == null) {
            throw new IllegalArgumentException(
                    "unknown recipe '" + name + "': there are " + String.join(", ", choices()));
        }
        return recipe;
    }

    /**
     * The recipe that belongs to a backbone.
     *
     * <p>For 32 × 32 images that of the caption of the paper's Table 1: torch-style for AlexNet, VGG-13, ResNet, DenseNet-121, MobileNetV2 and RepVGG-A1, DeiT's for all
     * others, EfficientNet-B0 among them. At paper size that of the backbone's own kind: torch-style for primary CNNs, RSB-A2 for classical ones, ConvNeXt's for ConvNeXt
     * and its second version, DeiT's for all others.
     */
    public static Recipe forBackbone(Backbones.Entry backbone, Backbones.Size size) {
        boolean paper = size == Backbones.Size.PAPER;
        return switch (backbone.family()) {
            case PRIMARY_CNN -> TORCH_STYLE;
            case CLASSICAL_CNN -> {
                if (paper) {
                    yield RSB_A2;
                }
                yield backbone.name().startsWith("efficientnet") ? DEIT : TORCH_STYLE;
            }
            case MODERN, METAFORMER -> paper && backbone.name().startsWith("convnext") ? CONVNEXT : DEIT;
        };
    }

    /** The recipe of a backbone of which nothing is known: the mildest that is more than nothing. */
    public static Recipe forUnknownBackbone() {
        return TORCH_STYLE;
    }
}
