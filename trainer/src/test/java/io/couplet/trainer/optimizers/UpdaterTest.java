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
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class UpdaterTest {
    /** Tensors that lie across the borders of chunks, and some that do not decay. */
    private static final Tensors TENSORS = new Tensors(List.of(
            new Tensor(0, 5_000, true),
            new Tensor(5_000, 7, false),
            new Tensor(5_007, 20_000, true),
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
        HostUpdater host = new HostUpdater(entry.constructor().apply(options), TENSORS);
        float[] onHost = random(1, 0.2);
        JniUtils.setGradMode(false);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                DeviceUpdater device =
                        new DeviceUpdater(entry.constructor().apply(options), TENSORS, manager, DataType.FLOAT32)) {
            NDArray onDevice = manager.create(onHost.clone());
            for (int step = 1; step <= 4; step++) {
                float[] gradient = random(step + 10, 0.01);
                StepNorms norms = host.step(FloatBuffer.wrap(onHost), FloatBuffer.wrap(gradient), 1e-3, 0.5);
                float[] others;
                try (NDManager scratch = manager.newSubManager()) {
                    others = device.step(onDevice, scratch.create(gradient), 1e-3, 0.5, scratch)
                            .toFloatArray();
                }
                assertThat(others[0]).isCloseTo((float) norms.gradient(), within(1e-4f));
                assertThat((double) others[1]).isCloseTo(norms.update(), within(1e-3 * norms.update()));
                assertThat(others[2] / norms.parameters()).isCloseTo(1, within(1e-5));
                assertThat(onDevice.toFloatArray()).containsExactly(onHost, within(2e-6f));
            }
        }
    }

    @Test
    void weightDecayLeavesUndecayingTensorsAlone() {
        Optimizers.Entry entry = Optimizers.entry("adamw");
        HostUpdater updater =
                new HostUpdater(entry.constructor().apply(entry.defaults().with(Map.of("weight_decay", 0.5))), TENSORS);
        float[] parameters = random(1, 1);
        float[] before = parameters.clone();
        float[] noGradient = new float[TENSORS.elements()];
        updater.step(FloatBuffer.wrap(parameters), FloatBuffer.wrap(noGradient), 0.1, Double.POSITIVE_INFINITY);
        assertThat(parameters[5_003]).isEqualTo(before[5_003]);
        assertThat(parameters[4_000]).isCloseTo(before[4_000] * 0.95f, within(1e-6f));
        assertThat(parameters[24_000]).isCloseTo(before[24_000] * 0.95f, within(1e-6f));
    }

    @ParameterizedTest
    @MethodSource("io.couplet.trainer.optimizers.Optimizers#names")
    void savedAtStepTenTheHostGoesOnToTheSameStepTwenty(String name) {
        Optimizers.Entry entry = Optimizers.entry(name);
        Options options = entry.defaults().with(Map.of("weight_decay", 0.05));
        float[] straight = random(1, 0.2);
        HostUpdater one = new HostUpdater(entry.constructor().apply(options), TENSORS);
        HostUpdater second = new HostUpdater(entry.constructor().apply(options), TENSORS);
        float[] resumed = new float[0];
        for (int step = 1; step <= 20; step++) {
            one.step(FloatBuffer.wrap(straight), FloatBuffer.wrap(random(step, 0.1)), 0.01 / step, 1);
            if (step == 10) {
                second.restore(one.state());
                resumed = straight.clone();
            } else if (step > 10) {
                second.step(FloatBuffer.wrap(resumed), FloatBuffer.wrap(random(step, 0.1)), 0.01 / step, 1);
            }
        }
        assertThat(resumed).containsExactly(straight);
        assertThat(second.state()).usingRecursiveComparison().isEqualTo(one.state());
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
        OptimizerState saved = new HostUpdater(adam.constructor().apply(adam.defaults()), TENSORS).state();
        HostUpdater other = new HostUpdater(lion.constructor().apply(lion.defaults()), TENSORS);
        assertThatThrownBy(() -> other.restore(saved))
                .hasMessage("the state holds [exp_avg, exp_avg_sq] and [] where the optimizer keeps [exp_avg] and []:"
                        + " restore it with the optimizer and the options that it was saved with");
    }

    @Test
    void clippingScalesTheGradientToTheNorm() {
        Optimizers.Entry entry = Optimizers.entry("sgd");
        HostUpdater updater = new HostUpdater(entry.constructor().apply(entry.defaults()), TENSORS);
        float[] parameters = new float[TENSORS.elements()];
        StepNorms norms = updater.step(FloatBuffer.wrap(parameters), FloatBuffer.wrap(random(3, 1)), 1, 0.25);
        assertThat(norms.gradient()).isGreaterThan(1);
        assertThat(norms.update()).isCloseTo(0.25, within(1e-4));
    }

    @Test
    void anUnknownOptionIsRefusedWithTheOnesThereAre() {
        Options defaults = Optimizers.entry("lion").defaults();
        assertThatThrownBy(() -> defaults.with(Map.of("momentun", 0.9)))
                .hasMessage("unknown option 'momentun': there are beta1, beta2, weight_decay");
    }

    private static float[] random(long seed, double scale) {
        Random random = new Random(seed);
        float[] values = new float[TENSORS.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * scale);
        }
        return values;
    }
}
