package io.couplet.trainer.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.backbones.ParameterLayout;
import io.couplet.trainer.backbones.TestLayouts;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.stream.DoubleStream;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against numpy and scipy: reference/statistics/make_layer_statistics.py says how the matrices and the numbers came about. */
class LayerStatisticsTest {

    static List<JsonNode> matrices() throws IOException {
        try (InputStream in =
                LayerStatisticsTest.class.getResourceAsStream("/reference/statistics/layer_statistics.json")) {
            List<JsonNode> cases = new ArrayList<>();
            new ObjectMapper().readTree(in).get("cases").forEach(cases::add);
            return cases;
        }
    }

    @ParameterizedTest
    @MethodSource("matrices")
    void statisticsAreThoseOfNumpyAndScipy(JsonNode expected) {
        int rows = expected.get("rows").intValue();
        int columns = expected.get("columns").intValue();
        float[] matrix = matrix(expected);
        LayerStatistic statistic = LayerStatistics.of("w", matrix, 0, rows, columns);
        assertThat(statistic.parameters()).isEqualTo((long) rows * columns);
        close(statistic.entropy(), expected.get("entropy"));
        close(statistic.l2Norm(), expected.get("l2Norm"));
        close(statistic.topPcaEnergy(), expected.get("topPcaEnergy"));
        if (expected.get("alpha").isNull()) {
            assertThat(statistic.alpha()).isNull();
        } else {
            close(statistic.alpha(), expected.get("alpha"));
        }
        Spectrum spectrum = Spectrum.of(matrix, 0, rows, columns).orElseThrow();
        assertThat(spectrum.eigenvalues()).hasSize(expected.get("eigenvalues").intValue());
        PowerLaw law = PowerLaw.fit(spectrum.eigenvalues()).orElseThrow();
        assertThat(law.tail()).isEqualTo(expected.get("tail").intValue());
        close(law.xmin(), expected.get("xmin"));
        close(law.distance(), expected.get("distance"));
    }

    private static void close(@Nullable Double actual, JsonNode expected) {
        assertThat(actual).isNotNull();
        assertThat((double) actual).isCloseTo(expected.doubleValue(), relative(expected.doubleValue()));
    }

    private static Offset<Double> relative(double of) {
        return within(1e-8 * Math.abs(of));
    }

    @Test
    void aPlantedPowerLawIsFoundAgain() {
        SplittableRandom random = new SplittableRandom(5);
        double[] sample = DoubleStream.concat(
                        random.doubles(2_000).map(u -> 3 * Math.pow(1 - u, -1 / 1.5)), random.doubles(500, 0.1, 3))
                .toArray();
        PowerLaw law = PowerLaw.fit(sample).orElseThrow();
        assertThat(law.alpha()).isCloseTo(2.5, within(0.15));
        assertThat(law.tail()).isBetween(500, 2_300);
    }

    @Test
    void whatHasNoTailHasNoExponent() {
        assertThat(PowerLaw.fit(new double[] {})).isEmpty();
        assertThat(PowerLaw.fit(new double[] {2})).isEmpty();
        assertThat(PowerLaw.fit(new double[] {2, 2, 2})).isEmpty();
        LayerStatistic identity = LayerStatistics.of("identity", identity(16), 0, 16, 16);
        assertThat(identity.alpha()).isNull();
        assertThat(identity.entropy()).isCloseTo(Math.log(16), within(1e-12));
        assertThat(identity.topPcaEnergy()).isCloseTo(2 / 16.0, within(1e-12));
        assertThat(identity.l2Norm()).isEqualTo(4);
    }

    @Test
    void weightsThatAreAllZeroOrNotFiniteHaveANormOnly() {
        assertThat(LayerStatistics.of("zero", new float[64], 0, 8, 8))
                .isEqualTo(new LayerStatistic("zero", 64, null, null, 0, null));
        float[] broken = identity(8);
        broken[3] = Float.NaN;
        assertThat(LayerStatistics.of("nan", broken, 0, 8, 8).entropy()).isNull();
        assertThat(LayerStatistics.of("nan", broken, 0, 8, 8).l2Norm()).isNaN();
    }

    @Test
    void ofALayerThatWouldTakeTooLongOnlyTheNormIsTold() {
        float[] large = new float[1_200 * 1_200];
        Arrays.fill(large, 1);
        assertThat(LayerStatistics.of("large", large, 0, 1_200, 1_200))
                .isEqualTo(new LayerStatistic("large", 1_440_000, null, null, 1_200, null));
    }

    @Test
    void everyWeightOfABackboneIsMeasuredInTheOrderOfTheNetwork() throws InterruptedException {
        ParameterLayout layout = layout();
        List<LayerStatistic> layers = LayerStatistics.of(layout, layout.initialParameters(0));
        assertThat(layers)
                .extracting(LayerStatistic::name)
                .containsExactlyElementsOf(layout.parameters().stream()
                        .filter(p -> p.shape().dimension() >= 2)
                        .map(ParameterLayout.Parameter::name)
                        .toList());
        assertThat(layers).allSatisfy(layer -> {
            assertThat(layer.l2Norm()).isPositive();
            assertThat(layer.topPcaEnergy()).isBetween(0.0, 1.0);
        });
    }

    @Test
    void aScalarAndATensorWithoutElementsHaveNoStatistics() throws InterruptedException {
        ParameterLayout layout = TestLayouts.of(new long[] {}, new long[] {0, 3}, new long[] {3, 0}, new long[] {2, 3});
        assertThat(LayerStatistics.of(layout, layout.initialParameters(0)))
                .extracting(LayerStatistic::name)
                .containsExactly("3");
    }

    @Test
    void aMeasurementThatFailsIsCountedAndTheNextOneIsMade() throws InterruptedException {
        ParameterLayout layout = layout();
        List<Integer> steps = new ArrayList<>();
        StatisticsThread thread = new StatisticsThread("test", (step, layers) -> steps.add(step));
        thread.measure(1, layout, () -> new float[1]);
        await().until(() -> thread.skipped() == 1);
        thread.measure(2, layout, () -> {
            throw new OutOfMemoryError("Java heap space");
        });
        assertThat(thread.skipped()).isEqualTo(2);
        thread.measure(3, layout, () -> layout.initialParameters(0));
        thread.finish(java.time.Duration.ofMinutes(1));
        assertThat(steps).containsExactly(3);
        assertThat(thread.measured()).isEqualTo(1);
        assertThat(thread.skipped()).isEqualTo(2);
    }

    @Test
    void whoIsLateIsSkippedAndCountedAndTheLastIsAlwaysMeasured() throws InterruptedException {
        ParameterLayout layout = layout();
        CountDownLatch atWork = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        List<Integer> steps = new ArrayList<>();
        StatisticsThread thread = new StatisticsThread("test", (step, layers) -> {
            steps.add(step);
            if (step == 1) {
                atWork.countDown();
                awaitLatch(goOn);
            }
        });
        thread.measure(1, layout, () -> layout.initialParameters(0));
        atWork.await();
        for (int step = 2; step <= 5; step++) {
            thread.measure(step, layout, () -> layout.initialParameters(0));
        }
        goOn.countDown();
        thread.finish(java.time.Duration.ofMinutes(1));
        assertThat(steps).containsExactly(1, 5);
        assertThat(thread.measured()).isEqualTo(2);
        assertThat(thread.skipped()).isEqualTo(3);
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static ParameterLayout layout() {
        return Backbones.create("resnet", new Backbones.Task(Backbones.Size.NANO, 32, 10, 0))
                .layout();
    }

    private static float[] identity(int size) {
        float[] identity = new float[size * size];
        for (int i = 0; i < size; i++) {
            identity[i * size + i] = 1;
        }
        return identity;
    }

    private static float[] matrix(JsonNode of) {
        int rows = of.get("rows").intValue();
        int columns = of.get("columns").intValue();
        int rank = of.get("rank").intValue();
        long seed = of.get("seed").longValue();
        double floor = of.get("floor").doubleValue();
        if (rank == 0) {
            return matrix(rows, columns, seed, floor);
        }
        float[] left = matrix(rows, rank, seed, floor);
        float[] right = matrix(rank, columns, seed + 1, floor);
        float[] product = new float[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                double sum = 0;
                for (int k = 0; k < rank; k++) {
                    sum += (double) left[i * rank + k] * right[k * columns + j];
                }
                product[i * columns + j] = (float) sum;
            }
        }
        return product;
    }

    private static float[] matrix(int rows, int columns, long seed, double floor) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                values[i * columns + j] = (float) ((uniform(seed, i, j, 0) - 0.5) / (floor + uniform(seed, i, j, 1)));
            }
        }
        return values;
    }

    private static double uniform(long seed, long i, long j, int which) {
        long z = (seed * 1_000_003 + i * 10_007 + j * 2 + which + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return ((z ^ (z >>> 31)) >>> 40) / 16_777_216.0;
    }
}
