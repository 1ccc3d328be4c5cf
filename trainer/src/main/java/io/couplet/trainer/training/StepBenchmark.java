package io.couplet.trainer.training;

import ai.djl.Device;
import ai.djl.pytorch.jni.JniUtils;
import io.couplet.trainer.backbones.Backbone;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.data.Batch;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.recipes.Recipes;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Measures training steps on the CPU, with images that are noise: the same work as a training's, without its data. */
public final class StepBenchmark implements AutoCloseable {
    private final Learner learner;
    private final Batch batch;
    private final double learningRate;
    private int step;

    /**
     * What is measured.
     *
     * @param image height and width of the images
     * @param batch images a step
     * @param threads of arithmetic within the engine
     */
    public record Setup(Backbones.Size size, int image, int batch, int classes, int threads) {
        public Setup {
            if (batch < 2) {
                throw new IllegalArgumentException("batch must be at least 2, was " + batch);
            }
            if (threads < 1) {
                throw new IllegalArgumentException("threads must be at least 1, was " + threads);
            }
        }
    }

    /** Medians over the measured steps, milliseconds; the total holds the loss, the norms and the accuracy that every step shows. */
    public record Timing(double forward, double backward, double optimizer, double total) {}

    /** @throws IllegalArgumentException if there is no such backbone for such images */
    public StepBenchmark(String backbone, String optimizer, Setup setup) {
        Torch.start();
        JniUtils.setNumThreads(setup.threads());
        Backbone built =
                Backbones.create(backbone, new Backbones.Task(setup.size(), setup.image(), setup.classes(), 0));
        learner = new Learner(
                new OwnNet(built, null),
                setup.classes(),
                Optimizers.entry(optimizer).constructor().apply(TrainingPlan.options(optimizer, null, Map.of())),
                Recipes.named("plain"),
                0,
                Device.cpu(),
                false,
                Training.channelsLast(backbone),
                null);
        learningRate = TrainingPlan.defaultLearningRate(backbone, optimizer) / 10;
        Random random = new Random(0);
        float[] images = new float[setup.batch() * 3 * setup.image() * setup.image()];
        for (int i = 0; i < images.length; i++) {
            images[i] = (float) random.nextGaussian();
        }
        int[] labels =
                IntStream.range(0, setup.batch()).map(i -> i % setup.classes()).toArray();
        batch = new Batch(images, labels, setup.batch());
    }

    /** One step; its time in nanoseconds. */
    public StepResult step() {
        Learner.Measured measured = learner.train(++step, batch, learningRate).get(0);
        return new StepResult(
                step,
                step,
                measured.loss(),
                measured.learningRate(),
                measured.norms().gradient(),
                measured.norms().update() / measured.norms().parameters(),
                (double) measured.correct() / batch.size(),
                batch.size() * 1e9 / measured.nanos(),
                measured.nanos());
    }

    /** @param warmUp steps that are made first and not measured */
    public Timing measure(int warmUp, int steps) {
        Learner.Phases[] phases = new Learner.Phases[steps];
        double[] totals = new double[steps];
        for (int i = -warmUp; i < steps; i++) {
            StepResult result = step();
            if (i >= 0) {
                totals[i] = result.nanos();
                phases[i] = learner.phases();
            }
        }
        return new Timing(
                medianMillis(phases, Learner.Phases::forward),
                medianMillis(phases, Learner.Phases::backward),
                medianMillis(phases, Learner.Phases::update),
                median(totals) / 1e6);
    }

    private static double medianMillis(Learner.Phases[] phases, ToDoubleFunction<Learner.Phases> part) {
        return median(Arrays.stream(phases).mapToDouble(part).toArray()) / 1e6;
    }

    /** Of an even number of values the mean of the middle two. */
    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    @Override
    public void close() {
        learner.close();
    }
}
