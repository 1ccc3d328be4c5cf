package io.couplet.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.couplet.trainer.backbones.Backbone;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.backbones.ParameterLayout;
import io.couplet.trainer.checkpoints.Checkpoint;
import io.couplet.trainer.data.Batch;
import io.couplet.trainer.optimizers.OptimizerState;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.recipes.Recipe;
import io.couplet.trainer.recipes.Recipes;
import java.lang.reflect.Field;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class LearnerTest {
    private static final int BATCH = 4;
    private static final int SIDE = 32;
    private static final int CLASSES = 10;

    /** MobileNetV2 has tensors whose gradients Adam takes alone among many whose it does not; operations on whole buffers take the joined gradient. */
    @ParameterizedTest
    @CsvSource({"adam, 0", "adamw, 0", "adamw, 0.5"})
    void gradientsThatAreLeftApartTrainAsJoinedOnesDo(String optimizer, double clip) {
        Recipe recipe = Recipes.named("plain").withClipGradientNorm(clip);
        Torch.start();
        try (Learner apart = learner(optimizer, recipe, false);
                Learner joined = learner(optimizer, recipe, true)) {
            double norm = norm(apart.parameters());
            Learner.Measured one = apart.train(1, batch(1), 1e-4).get(0);
            joined.train(1, batch(1), 1e-4);
            Learner.Measured other = joined.flush().get(0);
            assertThat(one.loss()).isCloseTo(other.loss(), within(1e-5));
            assertThat(one.norms().gradient() / other.norms().gradient()).isCloseTo(1, within(1e-3));
            assertThat(one.norms().update() / other.norms().update()).isCloseTo(1, within(1e-3));
            assertThat(one.norms().parameters() / norm).isCloseTo(1, within(1e-5));
            assertThat(largestDifference(apart.parameters(), joined.parameters()))
                    .isLessThan(1e-6);
        }
    }

    /** A vector a step that belongs to the run and not to the step fills a GPU in some hundred steps. */
    @ParameterizedTest
    @MethodSource("optimizers")
    void stepsAndCheckpointsByWholeBuffersLeaveNothingBehind(String optimizer) throws Exception {
        Torch.start();
        Recipe recipe = Recipes.named("plain").withClipGradientNorm(0.5).withEmaDecay(0.99);
        Backbone backbone = Backbones.create("mlp-mixer", new Backbones.Task(Backbones.Size.NANO, SIDE, CLASSES, 0));
        try (Learner learner = learner(backbone, optimizer, recipe, true)) {
            trainAndRead(learner, 1, 8);
            int held = held((BaseNDManager) learner.manager());
            trainAndRead(learner, 9, 24);
            assertThat(held((BaseNDManager) learner.manager())).isEqualTo(held);
        }
    }

    static List<String> optimizers() {
        return Optimizers.names();
    }

    private static void trainAndRead(Learner learner, int first, int last) {
        for (int step = first; step <= last; step++) {
            learner.train(step, batch(step), 1e-4);
        }
        learner.flush();
        learner.checkpoint(last);
        learner.logits(batch(0));
    }

    /** Tensors of a manager and of all below it, and the managers themselves. */
    private static int held(BaseNDManager manager) throws ReflectiveOperationException {
        Field resources = BaseNDManager.class.getDeclaredField("resources");
        resources.setAccessible(true);
        int held = 0;
        for (Object resource : ((Map<?, ?>) resources.get(manager)).values()) {
            held += resource instanceof BaseNDManager below ? 1 + held(below) : 1;
        }
        return held;
    }

    @Test
    void biasesAndNormsDecayWhereTheRecipeDoesNotExcludeThem() {
        Recipe recipe = Recipes.named("plain");
        double decay = TrainingPlan.options("adamw", null, Map.of()).get("weight_decay");
        Torch.start();
        try (Learner excluding = learner("adamw", recipe, false);
                Learner including = learner("adamw", recipe.withExcludeBiasesAndNorms(false), false)) {
            float[] before = excluding.parameters();
            excluding.train(1, batch(1), 0.1);
            including.train(1, batch(1), 0.1);
            float[] excluded = excluding.parameters();
            float[] included = including.parameters();
            ParameterLayout layout = Backbones.create(
                            "mobilenetv2", new Backbones.Task(Backbones.Size.PAPER, SIDE, CLASSES, 0))
                    .layout();
            assertThat(layout.parameters()).anyMatch(parameter -> !parameter.decays());
            for (ParameterLayout.Parameter parameter : layout.parameters()) {
                double share = parameter.decays() ? 0 : 0.1 * decay;
                int at = parameter.offset();
                assertThat(excluded[at] - included[at])
                        .as(parameter.name())
                        .isCloseTo((float) (share * before[at]), within(1e-6f));
            }
        }
    }

    @Test
    void whatCannotBecomeALearnerIsClosed() {
        Torch.start();
        Backbone backbone = Backbones.create("mlp-mixer", new Backbones.Task(Backbones.Size.NANO, SIDE, CLASSES, 0));
        Closing noMemory = new Closing(backbone) {
            @Override
            public float[] initialParameters(long seed) {
                throw new OutOfMemoryError("Java heap space");
            }
        };
        assertThatThrownBy(() -> learner(noMemory, null)).isInstanceOf(OutOfMemoryError.class);
        assertThat(noMemory.closed).isEqualTo(1);
        OptimizerState nothing = new OptimizerState(0, Map.of(), Map.of());
        Closing ofAnother = new Closing(backbone);
        assertThatThrownBy(() -> learner(ofAnother, new Checkpoint(1, new float[3], new float[0], nothing, Map.of())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the checkpoint holds 3 parameters");
        assertThat(ofAnother.closed).isEqualTo(1);
        Closing ofAnotherOptimizer = new Closing(backbone);
        assertThatThrownBy(() -> learner(
                        ofAnotherOptimizer,
                        new Checkpoint(
                                1,
                                backbone.layout().initialParameters(0),
                                backbone.layout().initialBuffers(),
                                nothing,
                                Map.of())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the state holds");
        assertThat(ofAnotherOptimizer.closed).isEqualTo(1);
    }

    private static Learner learner(Net net, @Nullable Checkpoint from) {
        return new Learner(
                net,
                CLASSES,
                Optimizers.entry("adamw").constructor().apply(TrainingPlan.options("adamw", null, Map.of())),
                Recipes.named("plain"),
                0,
                Device.cpu(),
                false,
                false,
                from);
    }

    /** Counts how often it is closed. */
    private static class Closing implements Net {
        private final Net net;
        int closed;

        Closing(Backbone backbone) {
            net = new OwnNet(backbone, null);
        }

        @Override
        public ParameterLayout layout() {
            return net.layout();
        }

        @Override
        public float[] initialParameters(long seed) {
            return net.initialParameters(seed);
        }

        @Override
        public float[] initialBuffers() {
            return net.initialBuffers();
        }

        @Override
        public Forward train(
                NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers, long seed) {
            return net.train(scratch, images, parameters, buffers, seed);
        }

        @Override
        public NDArray logits(NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers) {
            return net.logits(scratch, images, parameters, buffers);
        }

        @Override
        public void close() {
            closed++;
        }
    }

    private static Learner learner(String optimizer, Recipe recipe, boolean wholeBuffers) {
        Backbone backbone = Backbones.create("mobilenetv2", new Backbones.Task(Backbones.Size.PAPER, SIDE, CLASSES, 0));
        return learner(backbone, optimizer, recipe, wholeBuffers);
    }

    private static Learner learner(Backbone backbone, String optimizer, Recipe recipe, boolean wholeBuffers) {
        return new Learner(
                backbone,
                CLASSES,
                Optimizers.entry(optimizer).constructor().apply(TrainingPlan.options(optimizer, null, Map.of())),
                recipe,
                0,
                Device.cpu(),
                wholeBuffers);
    }

    private static Batch batch(int seed) {
        Random random = new Random(seed);
        float[] images = new float[BATCH * 3 * SIDE * SIDE];
        for (int i = 0; i < images.length; i++) {
            images[i] = (float) random.nextGaussian();
        }
        return new Batch(images, IntStream.range(0, BATCH).toArray(), BATCH);
    }

    private static double norm(float[] values) {
        return Math.sqrt(IntStream.range(0, values.length)
                .mapToDouble(i -> (double) values[i] * values[i])
                .sum());
    }

    private static double largestDifference(float[] a, float[] b) {
        return IntStream.range(0, a.length)
                .mapToDouble(i -> Math.abs((double) a[i] - b[i]))
                .max()
                .orElseThrow();
    }
}
