package io.couplet.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ProceduralImagesTest {
    @Test
    void theBuiltInImagesAreTheSameEverywhere() throws Exception {
        DataSplit data = DataSets.open(DataOptions.defaults());
        assertThat(data.training().size()).isEqualTo(8_000);
        assertThat(data.validation().size()).isEqualTo(2_000);
        assertThat(data.report().source()).isEqualTo("built-in");
        assertThat(data.report().format()).isEqualTo("procedural");
        assertThat(data.report().fingerprint())
                .isEqualTo("732952a2ec1eddfe2e1f83f8393076856a97baccd6256a464afafd9bfe42c2bf");
    }

    @Test
    void classesAreBalancedAndNamedByTextureAndShape() throws Exception {
        DataSplit data = DataSets.open(DataOptions.defaults().withLimit(200));
        assertThat(data.training().classCounts()).containsOnly(16);
        assertThat(data.validation().classCounts()).containsOnly(4);
        assertThat(data.classNames())
                .containsExactly(
                        "striped-disc",
                        "spotted-disc",
                        "striped-ring",
                        "spotted-ring",
                        "striped-square",
                        "spotted-square",
                        "striped-triangle",
                        "spotted-triangle",
                        "striped-cross",
                        "spotted-cross");
    }

    @Test
    void anotherSeedOrSizeGivesOtherImages() {
        String fingerprint = ImageSet.fingerprint(ProceduralImages.generate(0, 20, 32, 0));
        assertThat(ImageSet.fingerprint(ProceduralImages.generate(0, 20, 32, 1)))
                .isNotEqualTo(fingerprint);
        ImageSet large = ProceduralImages.generate(0, 20, 96, 0);
        assertThat(large.height()).isEqualTo(96);
        assertThat(large.pixels(0)).hasSize(3 * 96 * 96);
    }

    @Test
    void aPartIsTheSameAsWithinTheWhole() {
        ImageSet whole = ProceduralImages.generate(0, 30, 32, 7);
        ImageSet part = ProceduralImages.generate(15, 5, 32, 7);
        for (int i = 0; i < 5; i++) {
            assertThat(part.pixels(i)).isEqualTo(whole.pixels(15 + i));
            assertThat(part.label(i)).isEqualTo(whole.label(15 + i));
        }
    }

    /** The mean over a class must not tell it: within what 600 images of random colours scatter. */
    @Test
    void colourSaysNothingAboutTheClass() {
        ImageSet set = ProceduralImages.generate(0, 6_000, 16, 3);
        for (int channel = 0; channel < 3; channel++) {
            double[] means = new double[10];
            for (int i = 0; i < set.size(); i++) {
                byte[] pixels = set.pixels(i);
                for (int k = channel * 256; k < (channel + 1) * 256; k++) {
                    means[set.label(i)] += (pixels[k] & 0xff) / (600.0 * 256);
                }
            }
            for (double mean : means) {
                assertThat(mean).isBetween(means[0] - 14, means[0] + 14);
            }
        }
    }

    @Test
    void tooFewImagesForTheClassesAreRefused() {
        assertThatThrownBy(() -> DataSets.open(DataOptions.defaults().withLimit(30)))
                .isInstanceOf(DataException.class)
                .hasMessage(
                        "30 built-in images are too few for 10 classes, split by 0.2: use at least 50 and a fraction nearer to a half.");
    }
}
