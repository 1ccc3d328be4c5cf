package io.couplet.trainer.optimizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.jni.JniUtils;
import io.couplet.trainer.optimizers.Tensors.Tensor;
import io.couplet.trainer.training.Torch;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class UpdaterTest {
    /** Tensors that lie across the borders of chunks, and some that do not decay. */
    private static final Tensors TENSORS = new Tensors(List.of(
            new Tensor(0, List.of(25, 8, 5, 5), true),
            new Tensor(5_000, 7, false),
            new Tensor(5_007, List.of(100, 200), true),
            new Tensor(25_007, 100, false)));

    @BeforeAll
    static void startTorch() {
        Torch.start();
    }

    @ParameterizedTest
    @MethodSource("io.couplet.trainer.optimizers.Optimizers#names")
    void hostAndWholeBuffersAgreeOnParametersAndNorms(String name) {
        Optimizers.Entry entry = Optimizers.entry(name);
        Options options = entry.defaults().with(Map.of("weight_decay", 0.05));
        float[] start = random(1, 0.2);
        JniUtils.setGradMode(false);
        try (OnCpu host = new OnCpu(entry.constructor().apply(options), TENSORS, start);
                NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                DeviceUpdater device =
                        new DeviceUpdater(entry.constructor().apply(options), TENSORS, manager, DataType.FLOAT32)) {
            NDArray onDevice = manager.create(start);
            for (int step = 1; step <= 4; step++) {
                float[] gradient = random(step + 10, 0.01);
                StepNorms norms = host.step(gradient, 1e-3, 0.5);
                float[] others;
                try (NDManager scratch = manager.newSubManager()) {
                    others = device.step(onDevice, scratch.create(gradient), 1e-3, 0.5, scratch)
                            .toFloatArray();
                }
                assertThat(others[0]).isCloseTo((float) norms.gradient(), within(1e-4f));
                assertThat((double) others[1]).isCloseTo(norms.update(), within(1e-3 * norms.update()));
                assertThat(others[2] / norms.parameters()).isCloseTo(1, within(1e-5));
                assertThat(onDevice.toFloatArray()).containsExactly(host.parameters(), within(2e-6f));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.couplet.trainer.optimizers.Optimizers#names")
    void weightDecayLeavesUndecayingTensorsAloneUnlessToldOtherwise(String name) {
        float[] excluded = afterStepsWithoutGradient(name, TENSORS);
        float[] before = random(1, 1);
        assertThat(excluded[5_003]).isEqualTo(before[5_003]);
        assertThat(excluded[25_050]).isEqualTo(before[25_050]);
        assertThat(excluded[4_000]).isNotEqualTo(before[4_000]).isFinite();
        assertThat(excluded[24_000]).isNotEqualTo(before[24_000]).isFinite();
        float[] all = afterStepsWithoutGradient(
                name,
                new Tensors(List.of(
                        new Tensor(0, 5_000, true),
                        new Tensor(5_000, 7, true),
                        new Tensor(5_007, 20_000, true),
                        new Tensor(25_007, 100, true))));
        assertThat(all[5_003]).isNotEqualTo(before[5_003]).isFinite();
    }

    private static float[] afterStepsWithoutGradient(String name, Tensors tensors) {
        Optimizers.Entry entry = Optimizers.entry(name);
        Options options = entry.defaults().with(Map.of("weight_decay", 0.5));
        try (OnCpu updater = new OnCpu(entry.constructor().apply(options), tensors, random(1, 1))) {
            for (int step = 1; step <= 3; step++) {
                updater.step(new float[tensors.elements()], 0.1, Double.POSITIVE_INFINITY);
            }
            return updater.parameters();
        }
    }

    @Test
    void decoupledDecayShrinksByRateTimesDecay() {
        Optimizers.Entry entry = Optimizers.entry("adamw");
        Options options = entry.defaults().with(Map.of("weight_decay", 0.5));
        float[] before = random(1, 1);
        try (OnCpu updater = new OnCpu(entry.constructor().apply(options), TENSORS, before)) {
            updater.step(new float[TENSORS.elements()], 0.1, Double.POSITIVE_INFINITY);
            assertThat(updater.parameters()[4_000]).isCloseTo(before[4_000] * 0.95f, within(1e-6f));
            assertThat(updater.parameters()[24_000]).isCloseTo(before[24_000] * 0.95f, within(1e-6f));
        }
    }

    @ParameterizedTest
    @MethodSource("io.couplet.trainer.optimizers.Optimizers#names")
    void savedAtStepTenTheHostGoesOnToTheSameStepTwenty(String name) {
        Optimizers.Entry entry = Optimizers.entry(name);
        Options options = entry.defaults().with(Map.of("weight_decay", 0.05));
        try (OnCpu one = new OnCpu(entry.constructor().apply(options), TENSORS, random(1, 0.2))) {
            for (int step = 1; step <= 10; step++) {
                one.step(random(step, 0.1), 0.01 / step, 1);
            }
            try (OnCpu second = new OnCpu(entry.constructor().apply(options), TENSORS, one.parameters())) {
                second.restore(one.state());
                for (int step = 11; step <= 20; step++) {
                    one.step(random(step, 0.1), 0.01 / step, 1);
                    second.step(random(step, 0.1), 0.01 / step, 1);
                }
                assertThat(second.parameters()).containsExactly(one.parameters());
                assertThat(second.state()).usingRecursiveComparison().isEqualTo(one.state());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.couplet.trainer.optimizers.Optimizers#names")
    void savedAtStepTenWholeBuffersGoOnToTheSameStepTwenty(String name) {
        Optimizers.Entry entry = Optimizers.entry(name);
        Options options = entry.defaults().with(Map.of("weight_decay", 0.05));
        JniUtils.setGradMode(false);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                DeviceUpdater one =
                        new DeviceUpdater(entry.constructor().apply(options), TENSORS, manager, DataType.FLOAT32);
                DeviceUpdater second =
                        new DeviceUpdater(entry.constructor().apply(options), TENSORS, manager, DataType.FLOAT32)) {
            NDArray straight = manager.create(random(1, 0.2));
            NDArray resumed = straight.duplicate();
            for (int step = 1; step <= 20; step++) {
                try (NDManager scratch = manager.newSubManager()) {
                    NDArray gradient = scratch.create(random(step, 0.1));
                    one.step(straight, gradient, 0.01 / step, 1, scratch);
                    if (step == 10) {
                        second.restore(one.state());
                        resumed = straight.duplicate();
                    } else if (step > 10) {
                        second.step(resumed, gradient, 0.01 / step, 1, scratch);
                    }
                }
            }
            assertThat(resumed.toFloatArray()).containsExactly(straight.toFloatArray());
            assertThat(second.state()).usingRecursiveComparison().isEqualTo(one.state());
        }
    }

    @Test
    void aStateOfAnotherOptimizerIsRefused() {
        Optimizers.Entry adam = Optimizers.entry("adam");
        Optimizers.Entry lion = Optimizers.entry("lion");
        float[] start = random(1, 1);
        try (OnCpu one = new OnCpu(adam.constructor().apply(adam.defaults()), TENSORS, start);
                OnCpu other = new OnCpu(lion.constructor().apply(lion.defaults()), TENSORS, start)) {
            assertThatThrownBy(() -> other.restore(one.state()))
                    .hasMessage(
                            "the state holds [exp_avg, exp_avg_sq] and [] where the optimizer keeps [exp_avg] and []:"
                                    + " restore it with the optimizer and the options that it was saved with");
            assertThatThrownBy(() -> one.restore(other.state())).hasMessageContaining("where the optimizer keeps");
        }
    }

    @Test
    void clippingScalesTheGradientToTheNorm() {
        Optimizers.Entry entry = Optimizers.entry("sgd");
        float[] zeros = new float[TENSORS.elements()];
        try (OnCpu updater = new OnCpu(entry.constructor().apply(entry.defaults()), TENSORS, zeros)) {
            StepNorms norms = updater.step(random(3, 1), 1, 0.25);
            assertThat(norms.gradient()).isGreaterThan(1);
            assertThat(norms.update()).isCloseTo(0.25, within(1e-4));
        }
    }

    /** Vectors of more than two blocks, whose pieces that decay and that do not lie across their borders. */
    @ParameterizedTest
    @CsvSource({"adam, 0", "adam, 1", "adamw, 0", "adamw, 1"})
    void fusedAdamFollowsItsFormulaAcrossBlocks(String name, double amsgrad) {
        Tensors tensors = new Tensors(List.of(
                new Tensor(0, FusedAdam.BLOCK - 3, true),
                new Tensor(FusedAdam.BLOCK - 3, 7, false),
                new Tensor(FusedAdam.BLOCK + 4, 5, false),
                new Tensor(FusedAdam.BLOCK + 9, FusedAdam.BLOCK, true),
                new Tensor(2 * FusedAdam.BLOCK + 9, 2, true),
                new Tensor(2 * FusedAdam.BLOCK + 11, 1_000, false),
                new Tensor(2 * FusedAdam.BLOCK + 1_011, FusedAdam.BLOCK + 5, false)));
        Optimizers.Entry entry = Optimizers.entry(name);
        Options options = entry.defaults().with(Map.of("weight_decay", 0.05, "amsgrad", amsgrad));
        float[] parameters = random(1, 0.2, tensors.elements());
        HostUpdater formula = new HostUpdater(entry.constructor().apply(options), tensors);
        try (OnCpu fused = new OnCpu(entry.constructor().apply(options), tensors, parameters)) {
            for (int step = 1; step <= 3; step++) {
                float[] gradient = random(step + 1, 0.01 / step, tensors.elements());
                double limit = step == 2 ? 0.5 : Double.POSITIVE_INFINITY;
                StepNorms expected =
                        formula.step(FloatBuffer.wrap(parameters), FloatBuffer.wrap(gradient), 1e-3, limit);
                StepNorms norms = fused.step(gradient, 1e-3, limit);
                assertThat(largestDifference(fused.parameters(), parameters)).isLessThan(2e-6);
                assertThat(norms.gradient() / expected.gradient()).isCloseTo(1, within(1e-5));
                assertThat(norms.update() / expected.update()).isCloseTo(1, within(1e-4));
                assertThat(norms.parameters() / expected.parameters()).isCloseTo(1, within(1e-5));
            }
        }
    }

    @Test
    void anUnknownOptionIsRefusedWithTheOnesThereAre() {
        Options defaults = Optimizers.entry("lion").defaults();
        assertThatThrownBy(() -> defaults.with(Map.of("momentun", 0.9)))
                .hasMessage("unknown option 'momentun': there are beta1, beta2, weight_decay");
    }

    /** AssertJ's own comparison takes minutes for such vectors. */
    private static double largestDifference(float[] a, float[] b) {
        assertThat(a).hasSameSizeAs(b);
        return IntStream.range(0, a.length)
                .mapToDouble(i -> Math.abs((double) a[i] - b[i]))
                .max()
                .orElseThrow();
    }

    private static float[] random(long seed, double scale) {
        return random(seed, scale, TENSORS.elements());
    }

    private static float[] random(long seed, double scale, int elements) {
        Random random = new Random(seed);
        float[] values = new float[elements];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * scale);
        }
        return values;
    }
}
