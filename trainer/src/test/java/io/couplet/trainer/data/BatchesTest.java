package io.couplet.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BatchesTest {
    private static final ImageSet SET = ProceduralImages.generate(0, 100, 16, 5);
    private static final Normalisation NORMALISATION = Normalisation.of(SET);

    private static TrainingBatches training(ImageSet set, int batchSize, Augmentation augmentation, long seed) {
        return new TrainingBatches(set, NORMALISATION, batchSize, augmentation, seed);
    }

    @Test
    void normalisedTrainingImagesHaveMeanZeroAndSpreadOne() {
        double[] sums = new double[3];
        double[] squares = new double[3];
        for (Batch batch : Batches.inOrder(SET, NORMALISATION, 30)) {
            for (int k = 0; k < batch.images().length; k++) {
                int channel = k / 256 % 3;
                sums[channel] += batch.images()[k];
                squares[channel] += batch.images()[k] * batch.images()[k];
            }
        }
        for (int channel = 0; channel < 3; channel++) {
            assertThat(sums[channel] / 25_600).isCloseTo(0, within(1e-5));
            assertThat(squares[channel] / 25_600).isCloseTo(1, within(1e-5));
        }
    }

    @Test
    void aChannelWithoutSpreadIsOnlyCentred() {
        byte[] flat = new byte[3 * 64];
        java.util.Arrays.fill(flat, (byte) 51);
        Normalisation normalisation =
                Normalisation.of(ImageSet.of(List.of("a", "b"), 8, new byte[][] {flat, flat}, new int[] {0, 1}));
        assertThat(normalisation.mean(0)).isCloseTo(0.2, within(1e-12));
        assertThat(normalisation.standardDeviation(0)).isZero();
        assertThat(normalisation.valuesOf(0)[51]).isZero();
    }

    @Test
    void inOrderGivesEveryImageOnceAndTheRestInASmallerBatch() {
        List<Integer> sizes = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        Iterable<Batch> batches = Batches.inOrder(SET, NORMALISATION, 30);
        batches.forEach(batch -> {
            sizes.add(batch.size());
            for (int label : batch.labels()) {
                labels.add(label);
            }
        });
        assertThat(sizes).containsExactly(30, 30, 30, 10);
        assertThat(labels).hasSize(100).startsWith(0, 1, 2).endsWith(8, 9);
        assertThat(batches).hasSize(4);
    }

    @Test
    void anEpochShowsEachImageAtMostOnceAndTheNextOneAnotherOrder() {
        TrainingBatches batches = training(SET, 30, Augmentation.NONE, 1);
        List<Integer> first = indices(batches, 1, 3, 30);
        List<Integer> second = indices(batches, 4, 6, 30);
        assertThat(new TreeSet<>(first)).hasSize(90);
        assertThat(new TreeSet<>(second)).hasSize(90);
        assertThat(second).isNotEqualTo(first);
        assertThat(indices(training(SET, 30, Augmentation.NONE, 2), 1, 3, 30)).isNotEqualTo(first);
    }

    @Test
    void aSetSmallerThanABatchIsGoneThroughWithoutAGap() {
        TrainingBatches batches = training(SET.subset(new int[] {3, 4, 5}), 7, Augmentation.NONE, 1);
        List<Integer> indices = indices(batches, 1, 3, 7);
        for (int k = 0; k < 21; k += 3) {
            assertThat(indices.subList(k, k + 3)).containsExactlyInAnyOrder(0, 1, 2);
        }
    }

    private static List<Integer> indices(TrainingBatches batches, long from, long to, int batchSize) {
        List<Integer> indices = new ArrayList<>();
        for (long step = from; step <= to; step++) {
            for (int place = 0; place < batchSize; place++) {
                indices.add(batches.indexAt(step, place));
            }
        }
        return indices;
    }

    @Test
    void prefetchedBatchesEqualThoseMadeOnTheSpotAlsoWhenResumed() throws Exception {
        TrainingBatches direct = training(SET, 16, Augmentation.CROP_AND_FLIP, 9);
        try (BatchSource whole = Batches.training(SET, NORMALISATION, 16, Augmentation.CROP_AND_FLIP, 9);
                BatchSource resumed = Batches.training(SET, NORMALISATION, 16, Augmentation.CROP_AND_FLIP, 9, 8)) {
            for (long step = 1; step <= 20; step++) {
                Batch expected = direct.at(step);
                assertSame(whole.next(), expected);
                if (step >= 8) {
                    assertSame(resumed.next(), expected);
                }
            }
        }
    }

    private static void assertSame(Batch actual, Batch expected) {
        assertThat(actual.images()).isEqualTo(expected.images());
        assertThat(actual.labels()).isEqualTo(expected.labels());
    }

    @Test
    void augmentationMovesAndMirrorsAndFillsWithTheMeanColour() {
        Normalised normalised = new Normalised(NORMALISATION, 16);
        byte[] pixels = SET.pixels(0);
        float[] plain = new float[3 * 256];
        float[] moved = new float[3 * 256];
        float[] mirrored = new float[3 * 256];
        normalised.write(pixels, plain, 0);
        normalised.writeMoved(pixels, moved, 0, 2, -1, false);
        normalised.writeMoved(pixels, mirrored, 0, 2, -1, true);
        for (int channel = 0; channel < 3; channel++) {
            for (int y = 0; y < 16; y++) {
                for (int x = 0; x < 16; x++) {
                    boolean inside = y + 2 < 16 && x - 1 >= 0;
                    float expected = inside ? plain[(channel * 16 + y + 2) * 16 + x - 1] : 0;
                    assertThat(moved[(channel * 16 + y) * 16 + x]).isEqualTo(expected);
                    assertThat(mirrored[(channel * 16 + y) * 16 + 15 - x]).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void augmentationDependsOnSeedAndStep() {
        ImageSet one = SET.subset(new int[] {0});
        Batch first = training(one, 8, Augmentation.CROP_AND_FLIP, 1).at(1);
        assertSame(training(one, 8, Augmentation.CROP_AND_FLIP, 1).at(1), first);
        assertThat(training(one, 8, Augmentation.CROP_AND_FLIP, 1).at(2).images())
                .isNotEqualTo(first.images());
        assertThat(training(one, 8, Augmentation.CROP_AND_FLIP, 2).at(1).images())
                .isNotEqualTo(first.images());
        assertThat(training(one, 8, Augmentation.NONE, 1).at(1).images()).isNotEqualTo(first.images());
    }

    @Test
    void theLoaderMakesOnlyAFewBatchesAheadAndEndsWhenClosed() {
        AtomicLong made = new AtomicLong();
        Prefetch prefetch = new Prefetch(
                step -> {
                    made.incrementAndGet();
                    return new Batch(new float[1], new int[1], 1);
                },
                1);
        await().until(() -> made.get() == 5);
        assertThat(made).hasValue(5);
        prefetch.close();
        assertThat(prefetch.isRunning()).isFalse();
        assertThatThrownBy(prefetch::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the batches are closed");
        prefetch.close();
    }

    @Test
    void aFailureOfTheLoaderReachesTheReader() throws Exception {
        IllegalArgumentException cause = new IllegalArgumentException("no such image");
        try (Prefetch prefetch = new Prefetch(
                step -> {
                    if (step == 3) {
                        throw cause;
                    }
                    return new Batch(new float[1], new int[1], 1);
                },
                1)) {
            prefetch.next();
            prefetch.next();
            assertThatThrownBy(prefetch::next)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("no such image")
                    .hasCause(cause);
            assertThatThrownBy(prefetch::next).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void closingWakesAReaderThatWaits() {
        CompletableFuture<Void> never = new CompletableFuture<>();
        Prefetch prefetch = new Prefetch(step -> waitFor(never), 1);
        CompletableFuture<Batch> reading = CompletableFuture.supplyAsync(() -> {
            try {
                return prefetch.next();
            } catch (InterruptedException e) {
                throw new IllegalStateException("interrupted", e);
            }
        });
        prefetch.close();
        await().until(reading::isDone);
        assertThatThrownBy(reading::join).hasRootCauseInstanceOf(IllegalStateException.class);
    }

    private static Batch waitFor(CompletableFuture<Void> future) {
        try {
            future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
        throw new IllegalStateException("interrupted");
    }

    @Test
    void impossibleArgumentsAreRefused() {
        assertThatThrownBy(() -> training(SET, 0, Augmentation.NONE, 1))
                .hasMessage("batchSize must be at least 1, was 0");
        assertThatThrownBy(() -> Batches.inOrder(SET, NORMALISATION, 0))
                .hasMessage("batchSize must be at least 1, was 0");
        assertThatThrownBy(() -> Batches.training(SET, NORMALISATION, 8, Augmentation.NONE, 1, 0))
                .hasMessage("firstStep must be at least 1, was 0");
        assertThatThrownBy(() -> DataOptions.defaults().withImageSize(4))
                .hasMessage("imageSize must be from 8 to 1024, was 4");
        assertThatThrownBy(() -> DataOptions.defaults().withValidationFraction(1))
                .hasMessage("validationFraction must lie between 0 and 1, both excluded, was 1.0");
    }
}
