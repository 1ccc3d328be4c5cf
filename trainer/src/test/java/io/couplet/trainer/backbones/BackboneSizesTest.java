package io.couplet.trainer.backbones;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.couplet.trainer.backbones.Backbones.Size;
import io.couplet.trainer.training.Torch;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every backbone in every size: it can be built and run, every weight is of use, and what is left out at random is left out while training only. */
class BackboneSizesTest {
    private static final int CLASSES = 10;
    private static final int BATCH = 8;

    /** Those without a branch that stochastic depth could leave out. */
    private static final Set<String> WITHOUT_BRANCHES = Set.of("alexnet", "vgg", "densenet");

    @BeforeAll
    static void startTorch() {
        Torch.start();
    }

    static List<String> names() {
        return Backbones.names();
    }

    static List<String> namesWithBranches() {
        return names().stream().filter(name -> !WITHOUT_BRANCHES.contains(name)).toList();
    }

    @TestFactory
    Stream<DynamicTest> everySizeTakesItsImages() {
        return names().stream()
                .flatMap(name -> Stream.of(
                        takes(name, Size.NANO, 16),
                        takes(name, Size.NANO, 32),
                        takes(name, Size.NANO, 64),
                        takes(name, Size.CIFAR, 32)));
    }

    private static DynamicTest takes(String name, Size size, int imageSize) {
        return dynamicTest(name + " " + size.key() + " " + imageSize, () -> {
            try (Net net = new Net(name, new Backbones.Task(size, imageSize, CLASSES, 0.1))) {
                assertThat(net.logits(1, false)).hasSize(BATCH * CLASSES);
            }
        });
    }

    /** At paper size they are only built here: {@link BackboneParityTest} runs them. */
    @ParameterizedTest
    @MethodSource("names")
    void tensorsHaveNamesOfTheirOwn(String name) {
        for (Size size : Size.values()) {
            ParameterLayout layout = Backbones.create(name, new Backbones.Task(size, 224, CLASSES, 0.1))
                    .layout();
            List<String> tensors = new ArrayList<>();
            layout.parameters().forEach(p -> tensors.add(p.name()));
            layout.buffers().forEach(b -> tensors.add(b.name()));
            assertThat(tensors).doesNotHaveDuplicates();
        }
    }

    @Test
    void imagesOfTheWrongSizeAreRefused() {
        assertThatThrownBy(() -> new Backbones.Task(Size.CIFAR, 48, CLASSES, 0))
                .hasMessage("imageSize must be a multiple of 32 for cifar backbones, was 48");
        assertThatThrownBy(() -> new Backbones.Task(Size.NANO, 40, CLASSES, 0))
                .hasMessage("imageSize must be a multiple of 16 for nano backbones, was 40");
    }

    /** A tensor without any gradient in three steps is connected to nothing. */
    @ParameterizedTest
    @MethodSource("names")
    void everyTensorOfANanoBackboneLearns(String name) {
        try (Net net = new Net(name, new Backbones.Task(Size.NANO, 32, CLASSES, 0.2))) {
            double[] largest = new double[net.backbone.layout().parameters().size()];
            for (int step = 1; step <= 3; step++) {
                FloatBuffer gradient = net.step(step, 0.05f);
                for (ParameterLayout.Parameter p : net.backbone.layout().parameters()) {
                    for (int i = p.offset(); i < p.offset() + p.size(); i++) {
                        assertThat(gradient.get(i)).as(p.name()).isFinite();
                        largest[p.index()] = Math.max(largest[p.index()], Math.abs(gradient.get(i)));
                    }
                }
            }
            assertThat(net.backbone.layout().parameters())
                    .filteredOn(p -> largest[p.index()] == 0)
                    .extracting(ParameterLayout.Parameter::name)
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("namesWithBranches")
    void branchesAreLeftOutWhileTrainingOnly(String name) {
        float[] plain;
        try (Net net = new Net(name, new Backbones.Task(Size.NANO, 32, CLASSES, 0))) {
            plain = net.logits(1, false);
        }
        try (Net net = new Net(name, new Backbones.Task(Size.NANO, 32, CLASSES, 0.5))) {
            assertThat(net.logits(1, false)).isEqualTo(plain);
            assertThat(net.logits(2, false)).isEqualTo(plain);
            assertThat(Arrays.equals(net.logits(1, true), net.logits(2, true)))
                    .as("the same logits whatever is left out")
                    .isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"alexnet", "vgg", "mobilenetv2", "efficientnet"})
    void activationsAreDroppedWhileTrainingOnly(String name) {
        try (Net net = new Net(name, new Backbones.Task(Size.CIFAR, 32, CLASSES, 0))) {
            assertThat(net.logits(1, false)).isEqualTo(net.logits(2, false));
            assertThat(Arrays.equals(net.logits(1, true), net.logits(2, true)))
                    .as("the same logits whatever is left out")
                    .isFalse();
        }
    }

    /** A backbone with weights, and a batch of noise. */
    private static final class Net implements AutoCloseable {
        private final NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
        private final Backbone backbone;
        private final NDArray flat;
        private final NDList buffers = new NDList();
        private final NDArray images;

        Net(String name, Backbones.Task task) {
            JniUtils.setGradMode(false);
            backbone = Backbones.create(name, task);
            flat = manager.zeros(new Shape(backbone.layout().parameterCount()));
            fill(floats(flat), task);
            backbone.layout().buffers().forEach(b -> buffers.add(manager.full(b.shape(), b.initial())));
            float[] noise = new float[BATCH * 3 * task.imageSize() * task.imageSize()];
            Random random = new Random(1);
            for (int i = 0; i < noise.length; i++) {
                noise[i] = (float) random.nextGaussian();
            }
            images = manager.create(noise, new Shape(BATCH, 3, task.imageSize(), task.imageSize()));
        }

        /**
         * Like a net that has learned: whatever begins at zero does not stay there. At nano size with the first values that the layout asks for, at larger sizes with noise, which takes less time
         * than Gaussians.
         */
        private void fill(FloatBuffer values, Backbones.Task task) {
            Random random = new Random(2);
            if (task.size() == Size.NANO) {
                values.put(backbone.layout().initialParameters(5));
            }
            for (int i = 0; i < values.capacity(); i++) {
                values.put(i, values.get(i) + 0.1f * (random.nextFloat() - 0.5f));
            }
        }

        float[] logits(long seed, boolean training) {
            try (NDManager scratch = manager.newSubManager()) {
                float[] logits = forward(scratch, seed, training).toFloatArray();
                assertThat(IntStream.range(0, logits.length).mapToObj(i -> logits[i]))
                        .allMatch(Float::isFinite);
                return logits;
            }
        }

        /** Gradient descent on the mean cross-entropy with labels 0, 1, 2 …; returns the gradient. */
        FloatBuffer step(long seed, float learningRate) {
            try (NDManager scratch = manager.newSubManager()) {
                flat.setRequiresGradient(true);
                JniUtils.setGradMode(true);
                NDArray targets =
                        scratch.eye(BATCH, CLASSES, 0, DataType.FLOAT32).neg();
                NDArray loss =
                        forward(scratch, seed, true).logSoftmax(1).mul(targets).sum();
                NDArray one = scratch.ones(new Shape(), DataType.FLOAT32);
                JniUtils.backward((PtNDArray) loss, (PtNDArray) one, false, false);
                JniUtils.setGradMode(false);
                FloatBuffer gradient = FloatBuffer.wrap(flat.getGradient().toFloatArray());
                JniUtils.zeroGrad((PtNDArray) flat);
                FloatBuffer values = floats(flat);
                for (int i = 0; i < values.capacity(); i++) {
                    values.put(i, values.get(i) - learningRate * gradient.get(i));
                }
                return gradient;
            } finally {
                JniUtils.setGradMode(false);
            }
        }

        private NDArray forward(NDManager scratch, long seed, boolean training) {
            long[] cuts = backbone.layout().parameters().stream()
                    .skip(1)
                    .mapToLong(ParameterLayout.Parameter::offset)
                    .toArray();
            NDList views = flat.split(cuts, 0);
            views.attach(scratch);
            NDArray input = images.duplicate();
            input.attach(scratch);
            return backbone.logits(Pass.of(backbone.layout(), views, buffers, training, seed), input);
        }

        private static FloatBuffer floats(NDArray array) {
            return array.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
        }

        @Override
        public void close() {
            manager.close();
        }
    }
}
