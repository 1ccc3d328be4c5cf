package io.couplet.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Against the 10,000 images of CIFAR-10's test set, where they are at hand: {@code -Dcouplet.shared=…}. */
class RealImagesTest {
    private static Path zip() {
        String given = System.getProperty("couplet.shared");
        Path shared = given == null ? repositoryRoot().resolveSibling("shared") : Path.of(given);
        Path zip = shared.resolve("data/images/cifar10-jpg/test.zip");
        Assumptions.assumeTrue(
                Files.exists(zip), "no real images at " + zip + "; name their folder by -Dcouplet.shared");
        return zip;
    }

    private static Path repositoryRoot() {
        Path folder = Path.of("").toAbsolutePath();
        for (Path parent = folder; parent != null; parent = parent.getParent()) {
            if (Files.exists(parent.resolve("LICENSE")) && Files.exists(parent.resolve("trainer"))) {
                return parent;
            }
        }
        return folder;
    }

    @Test
    void cifar10AsJpegsInAZipIsReadWhole() throws Exception {
        DataSplit data = DataSets.open(DataOptions.defaults().withPath(zip()).withValidationFraction(0.15));
        assertThat(data.report().imagesRead()).isEqualTo(10_000);
        assertThat(data.report().skipped()).isEqualTo(Skips.NONE);
        assertThat(data.classNames())
                .containsExactly(
                        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");
        assertThat(data.training().classCounts()).containsOnly(850);
        assertThat(data.validation().classCounts()).containsOnly(150);
        double[] expected = {0.4941, 0.4851, 0.4504};
        Normalisation validation = Normalisation.of(data.validation());
        for (int channel = 0; channel < 3; channel++) {
            double mean = 0.85 * data.normalisation().mean(channel) + 0.15 * validation.mean(channel);
            assertThat(mean).isCloseTo(expected[channel], within(0.00011));
        }
    }
}
