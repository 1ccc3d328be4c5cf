package io.couplet.trainer.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.data.Augmentation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RecipesTest {

    @Test
    void theFiguresAreThoseOfThePublications() {
        assertThat(Recipes.named("torch-style"))
                .isEqualTo(new Recipe("torch-style", Loss.CROSS_ENTROPY, 0, 0, true, 0, 0, "crop-flip", 0, 0, 0));
        assertThat(Recipes.named("deit"))
                .isEqualTo(new Recipe(
                        "deit", Loss.CROSS_ENTROPY, 0.1, 5, true, 0.1, 0, "crop-flip-rand-m9", 0.8, 1, 0.25));
        assertThat(Recipes.named("convnext"))
                .isEqualTo(new Recipe(
                        "convnext", Loss.CROSS_ENTROPY, 0.1, 0, true, 0.1, 0.9999, "crop-flip-rand-m9", 0.8, 1, 0.25));
        assertThat(Recipes.named("rsb-a2"))
                .isEqualTo(new Recipe(
                        "rsb-a2", Loss.BINARY_CROSS_ENTROPY, 0, 0, true, 0.05, 0, "crop-flip-rand-m7", 0.1, 1, 0));
        assertThat(Recipes.named("plain")).isEqualTo(Recipe.bare("plain"));
    }

    @Test
    void everyRecipesAugmentationExistsForSmallAndLargeImages() {
        for (String name : Recipes.names()) {
            Recipe recipe = Recipes.named(name);
            assertThat(Augmentation.names()).contains(recipe.augmentation());
            assertThat(Augmentation.names()).contains(recipe.forLargeImages().augmentation());
        }
        assertThat(Recipes.named("deit").forLargeImages().augmentation()).isEqualTo("resized-crop-flip-rand-m9");
        assertThat(Recipes.named("deit").forLargeImages().forLargeImages())
                .isEqualTo(Recipes.named("deit").forLargeImages());
        assertThat(Recipes.named("plain").forLargeImages()).isEqualTo(Recipes.named("plain"));
    }

    @ParameterizedTest
    @CsvSource({
        "alexnet, torch-style, torch-style",
        "vgg, torch-style, torch-style",
        "resnet, torch-style, rsb-a2",
        "mobilenetv2, torch-style, rsb-a2",
        "deit, deit, deit",
        "mlp-mixer, deit, deit",
        "convnext, deit, convnext",
        "poolformerv2, deit, deit"
    })
    void autoIsTheTablesRecipeForSmallImagesAndTheBackbonesOwnAtPaperSize(String name, String small, String paper) {
        Backbones.Entry backbone = Backbones.entry(name);
        assertThat(Recipes.forBackbone(backbone, Backbones.Size.NANO).name()).isEqualTo(small);
        assertThat(Recipes.forBackbone(backbone, Backbones.Size.CIFAR).name()).isEqualTo(small);
        assertThat(Recipes.forBackbone(backbone, Backbones.Size.PAPER).name()).isEqualTo(paper);
    }

    @Test
    void anEfficientNetIsTrainedAsTheModernOnesAreThoughItIsAClassicalCnn() {
        Backbones.Entry resnet = Backbones.entry("resnet");
        Backbones.Entry efficientNet = new Backbones.Entry(
                "efficientnet-b0", "EfficientNet-B0", resnet.family(), resnet.temper(), resnet.constructor());
        assertThat(Recipes.forBackbone(efficientNet, Backbones.Size.CIFAR).name())
                .isEqualTo("deit");
    }

    @ParameterizedTest
    @MethodSource("io.couplet.trainer.backbones.Backbones#entries")
    void everyBackboneHasARecipe(Backbones.Entry backbone) {
        for (Backbones.Size size : Backbones.Size.values()) {
            assertThat(Recipes.names())
                    .contains(Recipes.forBackbone(backbone, size).name());
        }
    }

    @Test
    void whatIsWrongIsRefusedWithTheValue() {
        assertThatThrownBy(() -> Recipes.named("diet"))
                .hasMessage("unknown recipe 'diet': there are torch-style, plain, deit, convnext, rsb-a2, auto");
        Recipe plain = Recipes.named("plain");
        assertThatThrownBy(() -> plain.withDropPath(1)).hasMessage("dropPath must be in [0, 1), was 1.0");
        assertThatThrownBy(() -> plain.withEmaDecay(-1)).hasMessage("emaDecay must be in [0, 1), was -1.0");
        assertThatThrownBy(() -> plain.withMixing(0, Double.NaN)).hasMessage("cutmix must be at least 0, was NaN");
        assertThatThrownBy(() -> plain.withRandomErasing(2)).hasMessage("randomErasing must be in [0, 1], was 2.0");
        assertThatThrownBy(() -> Loss.named("hinge")).hasMessage("unknown loss 'hinge': there are cross-entropy, bce");
    }
}
