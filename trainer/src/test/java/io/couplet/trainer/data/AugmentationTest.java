package io.couplet.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AugmentationTest {
    private static final int SIDE = 16;
    private static final ImageSet SET = ProceduralImages.generate(0, 100, SIDE, 5);
    private static final Normalisation NORMALISATION = Normalisation.of(SET);
    private static final Augmentation ALL =
            Augmentation.named("crop-flip-rand-m9").withErasing(0.25).withMixing(0.8, 1);

    private static TrainingBatches batches(Augmentation augmentation, long seed) {
        return new TrainingBatches(SET, NORMALISATION, 16, augmentation, seed);
    }

    @ParameterizedTest
    @MethodSource("io.couplet.trainer.data.Augmentation#names")
    void everyBatchHangsOnSeedAndStepAlone(String name) {
        Augmentation augmentation = Augmentation.named(name).withErasing(0.5).withMixing(0.5, 0.5);
        TrainingBatches running = batches(augmentation, 3);
        for (long step = 1; step < 9; step++) {
            running.at(step);
        }
        Batch direct = batches(augmentation, 3).at(9);
        assertThat(running.at(9).images()).isEqualTo(direct.images());
        assertThat(running.at(9).share()).isEqualTo(direct.share());
        assertThat(running.at(9).partnerLabels()).isEqualTo(direct.partnerLabels());
        assertThat(batches(augmentation, 4).at(9).images()).isNotEqualTo(direct.images());
    }

    /** Large images are made by several threads. */
    @Test
    void everyBatchOfLargeImagesHangsOnSeedAndStepAlone() {
        ImageSet large = ProceduralImages.generate(0, 20, 96, 5);
        Augmentation augmentation =
                Augmentation.named("resized-crop-flip-rand-m9").withErasing(0.5).withMixing(0.5, 0.5);
        TrainingBatches running = new TrainingBatches(large, NORMALISATION, 7, augmentation, 3);
        running.at(1);
        assertThat(running.at(4).images())
                .isEqualTo(new TrainingBatches(large, NORMALISATION, 7, augmentation, 3)
                        .at(4)
                        .images());
    }

    @Test
    void aResumedRunSeesWhatAnUninterruptedOneDoes() throws Exception {
        try (BatchSource whole = Batches.training(SET, NORMALISATION, 16, ALL, 9);
                BatchSource resumed = Batches.training(SET, NORMALISATION, 16, ALL, 9, 8)) {
            for (long step = 1; step <= 12; step++) {
                Batch expected = whole.next();
                if (step >= 8) {
                    Batch actual = resumed.next();
                    assertThat(actual.images()).isEqualTo(expected.images());
                    assertThat(actual.share()).isEqualTo(expected.share());
                }
            }
        }
    }

    @Test
    void whatIsNotNamedIsRefusedWithTheNames() {
        assertThat(Augmentation.names())
                .containsExactly(
                        "none",
                        "crop-flip",
                        "crop-flip-rand-m7",
                        "crop-flip-rand-m9",
                        "resized-crop-flip",
                        "resized-crop-flip-rand-m7",
                        "resized-crop-flip-rand-m9");
        assertThat(Augmentation.named("none")).isEqualTo(Augmentation.NONE);
        assertThat(Augmentation.named("crop-flip")).isEqualTo(Augmentation.CROP_AND_FLIP);
        assertThat(Augmentation.named("resized-crop-flip-rand-m7"))
                .isEqualTo(new Augmentation(Augmentation.Window.ENLARGED, true, new RandAugment(7, 0.5), 0, 0, 0));
        assertThatThrownBy(() -> Augmentation.named("flip"))
                .hasMessage("unknown augmentation 'flip': there are " + String.join(", ", Augmentation.names()));
        assertThatThrownBy(() -> Augmentation.NONE.withErasing(1.1))
                .hasMessage("the share of erased images must be in [0, 1], was 1.1");
        assertThatThrownBy(() -> Augmentation.NONE.withMixing(-1, 0)).hasMessage("mixup must be at least 0, was -1.0");
        assertThatThrownBy(() -> new RandAugment(11, 0)).hasMessage("magnitude must be from 0 to 10, was 11.0");
    }

    @Test
    void randAugmentMakesHalfOfItsLayersAndLeavesTheImageItIsGivenInOneOfTwoArrays() {
        ImageOperations operations = new ImageOperations(SIDE);
        int untouched = 0;
        int images = 4_000;
        for (int i = 0; i < images; i++) {
            byte[] image = SET.pixels(i % 100);
            byte[] spare = new byte[image.length];
            byte[] result = new RandAugment(9, 0.5)
                    .apply(image, spare, SplitMix.of(1, i), operations, NORMALISATION.meanColour());
            assertThat(result == image || result == spare).isTrue();
            if (Arrays.equals(result, SET.rawPixels(i % 100))) {
                untouched++;
            }
        }
        // A quarter has no layer, and some operations do nothing to some images: autocontrast to one that has black and
        // white.
        assertThat((double) untouched / images).isBetween(0.23, 0.33);
    }

    /** timm's {@code rand-m9-mstd0-inc1} has exactly these arguments. */
    private static List<BiConsumer<byte[], byte[]>> operationsAtMagnitudeNine(ImageOperations operations, byte[] fill) {
        List<BiConsumer<byte[], byte[]>> all = new ArrayList<>();
        all.add((from, to) -> System.arraycopy(from, 0, to, 0, from.length));
        all.add(operations::autoContrast);
        all.add(operations::equalize);
        all.add(operations::invert);
        all.add((from, to) -> operations.posterize(from, to, 1));
        all.add((from, to) -> operations.solarize(from, to, 26));
        all.add((from, to) -> operations.solarizeAdd(from, to, 99));
        for (int sign = -1; sign <= 1; sign += 2) {
            double factor = 1 + sign * 0.9 * 0.9;
            double share = sign * 0.9;
            all.add((from, to) -> operations.rotate(from, to, 30 * share, fill));
            all.add((from, to) -> operations.color(from, to, factor));
            all.add((from, to) -> operations.contrast(from, to, factor));
            all.add((from, to) -> operations.brightness(from, to, factor));
            all.add((from, to) -> operations.sharpness(from, to, factor));
            all.add((from, to) -> operations.shearX(from, to, 0.3 * share, fill));
            all.add((from, to) -> operations.shearY(from, to, 0.3 * share, fill));
            all.add((from, to) -> operations.translateX(from, to, 0.45 * share, fill));
            all.add((from, to) -> operations.translateY(from, to, 0.45 * share, fill));
        }
        return all;
    }

    @Test
    void randAugmentMakesTimmsOperationsAtTimmsStrengthsTwoAtATime() {
        ImageOperations operations = new ImageOperations(SIDE);
        byte[] fill = NORMALISATION.meanColour();
        byte[] image = SET.pixels(3);
        Map<ByteBuffer, Set<Integer>> pairs = new HashMap<>();
        List<BiConsumer<byte[], byte[]>> all = operationsAtMagnitudeNine(operations, fill);
        for (int first = 0; first < all.size(); first++) {
            for (int second = 0; second < all.size(); second++) {
                byte[] between = new byte[image.length];
                byte[] result = new byte[image.length];
                all.get(first).accept(image, between);
                all.get(second).accept(between, result);
                pairs.computeIfAbsent(ByteBuffer.wrap(result), key -> new HashSet<>())
                        .add(all.size() * first + second);
            }
        }
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < 4_000; i++) {
            byte[] result = new RandAugment(9, 0)
                    .apply(image.clone(), new byte[image.length], SplitMix.of(5, i), operations, fill);
            Set<Integer> made = pairs.get(ByteBuffer.wrap(result));
            assertThat(made).isNotNull();
            seen.addAll(made);
        }
        for (int operation = 0; operation < all.size(); operation++) {
            assertThat(seen).contains(operation, all.size() * operation);
        }
    }

    @Test
    void erasingLeavesStandardNormalNoiseInARectangleOfAQuarterOfTheImages() {
        RandomErasing erasing = new RandomErasing(0.25);
        int side = 32;
        int images = 2_000;
        int erased = 0;
        double sum = 0;
        double squares = 0;
        long pixels = 0;
        for (int i = 0; i < images; i++) {
            float[] image = new float[3 * side * side];
            Arrays.fill(image, 100);
            erasing.erase(image, 0, side, SplitMix.of(2, i));
            int changed = 0;
            for (float value : image) {
                if (value != 100) {
                    sum += value;
                    squares += value * value;
                    changed++;
                }
            }
            pixels += changed;
            if (changed > 0) {
                erased++;
                assertThat(changed / 3.0 / (side * side)).isBetween(0.015, 0.36);
                assertThat(changed % 3).isZero();
            }
        }
        assertThat((double) erased / images).isCloseTo(0.25, within(0.03));
        assertThat(sum / pixels).isCloseTo(0, within(0.02));
        assertThat(squares / pixels).isCloseTo(1, within(0.02));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.01, 0.1, 0.8, 1, 5, 200})
    void sharesAreDrawnFromABetaDistribution(double alpha) {
        SplitMix random = SplitMix.of(7, (long) (alpha * 100));
        int draws = 40_000;
        double mean = 0;
        double square = 0;
        for (int i = 0; i < draws; i++) {
            double share = random.nextBeta(alpha);
            assertThat(share).isBetween(0.0, 1.0);
            mean += share / draws;
            square += share * share / draws;
        }
        double variance = 1 / (4 * (2 * alpha + 1));
        assertThat(mean).isCloseTo(0.5, within(4 * Math.sqrt(variance / draws)));
        // The variance of a squared deviation is at most that of a two-point distribution.
        assertThat(square - mean * mean).isCloseTo(variance, within(4 * 0.25 / Math.sqrt(draws)));
    }

    @Test
    void aShareOfAlphaOneIsUniformAndOfAHalfFollowsTheArcsine() {
        SplitMix random = SplitMix.of(11);
        int draws = 20_000;
        double[] uniform = IntStream.range(0, draws)
                .mapToDouble(i -> random.nextBeta(1))
                .sorted()
                .toArray();
        double[] arcsine = IntStream.range(0, draws)
                .mapToDouble(i -> random.nextBeta(0.5))
                .sorted()
                .toArray();
        double farthest = 0;
        for (int i = 0; i < draws; i++) {
            farthest = Math.max(farthest, Math.abs(uniform[i] - (i + 0.5) / draws));
            farthest = Math.max(farthest, Math.abs(2 / Math.PI * Math.asin(Math.sqrt(arcsine[i])) - (i + 0.5) / draws));
        }
        // Kolmogorov and Smirnov at 0.1 %.
        assertThat(farthest).isLessThan(1.95 / Math.sqrt(draws));
    }

    @Test
    void mixupBlendsEachImageWithItsPartnerFromTheOtherEnd() {
        float[] images = ramp(5);
        double share = new Mixing(0.8, 0).mix(images, 5, SIDE, SplitMix.of(3));
        assertThat(share).isStrictlyBetween(0.0, 1.0);
        float[] before = ramp(5);
        int values = 3 * SIDE * SIDE;
        for (int i = 0; i < 5; i++) {
            for (int k = 0; k < values; k += 97) {
                double expected = share * before[i * values + k] + (1 - share) * before[(4 - i) * values + k];
                assertThat(images[i * values + k]).isCloseTo((float) expected, within(1e-3f));
            }
        }
    }

    @Test
    void cutmixPastesARectangleWhoseAreaIsThePartnersShare() {
        int values = 3 * SIDE * SIDE;
        boolean anyCut = false;
        for (int seed = 0; seed < 50; seed++) {
            float[] images = ramp(4);
            float[] before = ramp(4);
            double share = new Mixing(0, 1).mix(images, 4, SIDE, SplitMix.of(seed));
            for (int i = 0; i < 4; i++) {
                int pasted = 0;
                for (int k = 0; k < values; k++) {
                    if (images[i * values + k] != before[i * values + k]) {
                        assertThat(images[i * values + k]).isEqualTo(before[(3 - i) * values + k]);
                        pasted++;
                    }
                }
                anyCut |= pasted > 0;
                assertThat(1 - (double) pasted / values).isCloseTo(share, within(1e-12));
            }
        }
        assertThat(anyCut).isTrue();
    }

    private static float[] ramp(int size) {
        float[] images = new float[size * 3 * SIDE * SIDE];
        for (int k = 0; k < images.length; k++) {
            images[k] = k;
        }
        return images;
    }

    @Test
    void withBothOnAboutHalfOfTheBatchesAreCut() {
        int cut = 0;
        for (int seed = 0; seed < 400; seed++) {
            float[] images = ramp(2);
            float[] before = ramp(2);
            new Mixing(0.8, 1).mix(images, 2, SIDE, SplitMix.of(seed));
            int same = 0;
            for (int k = 0; k < images.length; k++) {
                same += images[k] == before[k] || images[k] == before[(k + images.length / 2) % images.length] ? 1 : 0;
            }
            cut += same == images.length ? 1 : 0;
        }
        assertThat(cut).isBetween(160, 240);
    }

    @Test
    void targetsAreTheSharesOfTheLabelsSmoothed() {
        Batch batch = new Batch(new float[3], new int[] {0, 1, 2}, new int[] {2, 1, 0}, 0.75, 3);
        assertThat(batch.targets(4, 0)).containsExactly(0.75f, 0, 0.25f, 0, 0, 1, 0, 0, 0.25f, 0, 0.75f, 0);
        float[] smoothed = batch.targets(4, 0.2);
        assertThat(smoothed[0]).isCloseTo(0.8f * 0.75f + 0.05f, within(1e-6f));
        assertThat(smoothed[3]).isCloseTo(0.05f, within(1e-6f));
        for (int i = 0; i < 3; i++) {
            float sum = 0;
            for (int c = 0; c < 4; c++) {
                sum += smoothed[4 * i + c];
            }
            assertThat(sum).isCloseTo(1, within(1e-6f));
        }
    }

    @Test
    void theDominantLabelIsTheOneWithTheGreaterShare() {
        int[] own = {0, 1};
        int[] partners = {1, 0};
        assertThat(new Batch(new float[2], own, partners, 0.6, 2).dominantLabels())
                .isSameAs(own);
        assertThat(new Batch(new float[2], own, partners, 0.5, 2).dominantLabels())
                .isSameAs(own);
        assertThat(new Batch(new float[2], own, partners, 0.4, 2).dominantLabels())
                .isSameAs(partners);
    }

    @Test
    void aMixedBatchNamesThePartnersFromTheOtherEnd() {
        Batch batch = batches(ALL, 1).at(1);
        assertThat(batch.share()).isLessThan(1);
        for (int i = 0; i < 16; i++) {
            assertThat(batch.partnerLabels()[i]).isEqualTo(batch.labels()[15 - i]);
        }
        assertThat(batches(Augmentation.CROP_AND_FLIP, 1).at(1).share()).isEqualTo(1);
    }
}
