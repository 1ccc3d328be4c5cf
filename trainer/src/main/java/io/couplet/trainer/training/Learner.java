package io.couplet.trainer.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import io.couplet.trainer.backbones.Backbone;
import io.couplet.trainer.backbones.ParameterLayout;
import io.couplet.trainer.checkpoints.Checkpoint;
import io.couplet.trainer.data.Batch;
import io.couplet.trainer.optimizers.DeviceUpdater;
import io.couplet.trainer.optimizers.Optimizer;
import io.couplet.trainer.optimizers.OptimizerState;
import io.couplet.trainer.optimizers.StepNorms;
import io.couplet.trainer.optimizers.Tensors;
import io.couplet.trainer.optimizers.Updater;
import io.couplet.trainer.recipes.Recipe;
import io.couplet.trainer.torch.Transfer;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A backbone with its weights and its optimizer: does a step, answers with logits. All weights are one flat vector, and so is their gradient. Belongs to one thread.
 */
final class Learner implements AutoCloseable {

    /** Steps measured together on a device: few enough to be live, enough that waiting for them does not show. */
    private static final int DEVICE_GROUP = 8;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** What a step showed. */
    record Measured(int step, double learningRate, double loss, int correct, StepNorms norms, long nanos) {}

    /** Nanoseconds of the thread's processor time in a step's parts; what is left of the step is the measuring itself. */
    record Phases(long forward, long backward, long update) {}

    private record Pending(int step, double learningRate, NDArray values, long startNanos) {}

    private final Net net;
    private final int classes;
    private final Recipe recipe;
    private final long seed;
    private final boolean channelsLast;
    private final NDManager manager;
    private final NDArray flat;
    private final NDArray gradient;
    private final @Nullable NDArray flatBuffers;
    private final @Nullable WeightAverage average;
    private final @Nullable Updater host;
    private final @Nullable DeviceUpdater onDevice;
    /** Where the gradients go that the optimizer does not take alone; null when it takes none so. */
    private final @Nullable IValue places;

    private final List<Pending> pending = new ArrayList<>();
    private @Nullable Phases phases;

    /** @param wholeBuffers update by operations on whole buffers, as on a GPU, whatever the device is */
    Learner(
            Backbone backbone,
            int classes,
            Optimizer optimizer,
            Recipe recipe,
            long seed,
            Device device,
            boolean wholeBuffers) {
        this(new OwnNet(backbone, null), classes, optimizer, recipe, seed, device, wholeBuffers, false, null);
    }

    /**
     * @param net closed with the learner, and when it cannot be made
     * @param channelsLast the images' values lie channel by channel within a pixel, as convolutions on a CPU like it best
     * @param from what to go on from; null to begin at the beginning
     * @throws IllegalArgumentException if it is another backbone's or another optimizer's
     */
    Learner(
            Net net,
            int classes,
            Optimizer optimizer,
            Recipe recipe,
            long seed,
            Device device,
            boolean wholeBuffers,
            boolean channelsLast,
            @Nullable Checkpoint from) {
        this.net = net;
        this.classes = classes;
        this.recipe = recipe;
        this.seed = seed;
        this.channelsLast = channelsLast && !device.isGpu();
        this.manager = NDManager.newBaseManager(device, "PyTorch");
        Updater updater = null;
        IValue gradients = null;
        DeviceUpdater deviceUpdater = null;
        try {
            ParameterLayout layout = net.layout();
            requireSameSize(from, layout);
            flat = manager.create(from == null ? net.initialParameters(seed) : from.parameters());
            JniUtils.setGradMode(false);
            gradient = flat.zerosLike();
            flatBuffers = layout.buffers().isEmpty()
                    ? null
                    : manager.create(from == null ? net.initialBuffers() : from.buffers());
            average = recipe.emaDecay() == 0
                    ? null
                    : new WeightAverage(recipe.emaDecay(), flat, flatBuffers, manager, !wholeBuffers);
            Tensors tensors = new Tensors(layout.parameters().stream()
                    .map(p -> new Tensors.Tensor(
                            p.offset(),
                            Arrays.stream(p.shape().getShape())
                                    .mapToInt(Math::toIntExact)
                                    .boxed()
                                    .toList(),
                            p.decays() || !recipe.excludeBiasesAndNorms()))
                    .toList());
            updater = wholeBuffers ? null : Updater.of(optimizer, tensors, flat, gradient);
            host = updater;
            gradients = updater == null ? null : places(updater);
            places = gradients;
            deviceUpdater = wholeBuffers ? new DeviceUpdater(optimizer, tensors, manager, DataType.FLOAT32) : null;
            onDevice = deviceUpdater;
            if (from != null) {
                restore(from.optimizer());
                net.restore(from.extensions());
                if (average != null) {
                    average.restore(from.extensions());
                }
            }
        } catch (RuntimeException | Error e) {
            close(
                    deviceUpdater,
                    updater,
                    gradients,
                    manager,
                    net); // what could be made of it must not stay on the device
            throw e;
        }
    }

    private static void requireSameSize(@Nullable Checkpoint from, ParameterLayout layout) {
        if (from != null
                && (from.parameters().length != layout.parameterCount()
                        || from.buffers().length != layout.bufferCount())) {
            throw new IllegalArgumentException("the checkpoint holds " + from.parameters().length + " parameters and "
                    + from.buffers().length + " buffer elements where the backbone has " + layout.parameterCount()
                    + " and " + layout.bufferCount());
        }
    }

    private @Nullable IValue places(Updater updater) {
        List<ParameterLayout.Parameter> parameters = net.layout().parameters();
        if (IntStream.range(0, parameters.size()).noneMatch(updater::takesAlone)) {
            return null;
        }
        try (NDList parts = new NDList()) {
            for (int i = 0; i < parameters.size(); i++) {
                int to = i + 1 < parameters.size()
                        ? parameters.get(i + 1).offset()
                        : net.layout().parameterCount();
                parts.add(
                        updater.takesAlone(i)
                                ? manager.zeros(new Shape(0))
                                : gradient.get(
                                        new NDIndex("{}:{}", parameters.get(i).offset(), to)));
            }
            return IValue.listFrom(parts.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
        }
    }

    private void restore(OptimizerState state) {
        if (host != null) {
            host.restore(state);
        } else if (onDevice != null) {
            onDevice.restore(state);
        }
    }

    /** The state after a step whose figures are all known; waits for the device. */
    Checkpoint checkpoint(int step) {
        OptimizerState state;
        if (host != null) {
            state = host.state();
        } else if (onDevice != null) {
            state = onDevice.state();
        } else {
            throw new IllegalStateException("there is nothing that updates");
        }
        Map<String, float[]> extensions = new HashMap<>(net.state());
        if (average != null) {
            extensions.putAll(average.state());
        }
        return new Checkpoint(step, parameters(), bufferValues(), state, extensions);
    }

    /** A copy of the flat buffer; waits for the device. */
    float[] parameters() {
        return Transfer.floats(flat);
    }

    private float[] bufferValues() {
        return flatBuffers == null ? new float[0] : Transfer.floats(flatBuffers);
    }

    /** One step; returns the steps whose figures are known by now, oldest first. */
    List<Measured> train(int step, Batch batch, double learningRate) {
        long start = System.nanoTime();
        long cpu = THREADS.getCurrentThreadCpuTime();
        try (NDManager scratch = manager.newSubManager()) {
            NDArray logits;
            NDArray loss;
            IValue alone;
            long afterForward;
            // What the passes made is freed before the optimizer makes its own.
            try (NDManager passes = manager.newSubManager()) {
                Net.Forward forward =
                        net.train(passes, images(passes, batch), flat, flatBuffers, seed ^ ((long) step << 20));
                logits = forward.logits();
                loss = Losses.of(recipe.loss(), logits, batch, classes, recipe.labelSmoothing());
                JniUtils.setGradMode(false);
                afterForward = THREADS.getCurrentThreadCpuTime();
                alone = places == null ? null : Gradients.apart(loss, forward.leaves(), places);
                if (alone == null) {
                    Gradients.into(gradient, loss, forward.leaves());
                }
                net.end();
                logits.attach(scratch);
                loss.attach(scratch);
            }
            long afterBackward = THREADS.getCurrentThreadCpuTime();
            double maxNorm = recipe.clipGradientNorm() == 0 ? Double.POSITIVE_INFINITY : recipe.clipGradientNorm();
            if (host != null) {
                StepNorms norms = update(host, learningRate, maxNorm, alone);
                updateAverage(step);
                phases = new Phases(
                        afterForward - cpu,
                        afterBackward - afterForward,
                        THREADS.getCurrentThreadCpuTime() - afterBackward);
                int correct = Ranks.of(logits.toFloatArray(), classes, batch.dominantLabels(), batch.size())
                        .withinBest(1);
                long nanos = System.nanoTime() - start;
                return List.of(new Measured(step, learningRate, loss.getFloat(), correct, norms, nanos));
            }
            return enqueue(step, batch, learningRate, maxNorm, scratch, logits, loss, start);
        } finally {
            JniUtils.setGradMode(false);
        }
    }

    private static StepNorms update(Updater updater, double learningRate, double maxNorm, @Nullable IValue alone) {
        if (alone == null) {
            return updater.step(learningRate, maxNorm);
        }
        try (alone) {
            return updater.step(learningRate, maxNorm, alone);
        }
    }

    /** Everything that the run holds on the device, for tests. */
    NDManager manager() {
        return manager;
    }

    /** Where the time of the last step went; null before the first one and on a device, which works on its own. */
    @Nullable
    Phases phases() {
        return phases;
    }

    private List<Measured> enqueue(
            int step,
            Batch batch,
            double learningRate,
            double maxNorm,
            NDManager scratch,
            NDArray logits,
            NDArray loss,
            long start) {
        if (onDevice == null) {
            throw new IllegalStateException("no device to enqueue on");
        }
        NDArray norms = onDevice.step(flat, gradient, learningRate, maxNorm, scratch);
        updateAverage(step);
        int[] dominantLabels = batch.dominantLabels();
        float[] dominant = new float[batch.size()];
        for (int i = 0; i < dominant.length; i++) {
            dominant[i] = dominantLabels[i];
        }
        NDArray labels = Transfer.upload(logits, dominant, new Shape(dominant.length));
        NDArray correct = logits.argMax(1).eq(labels).sum().toType(DataType.FLOAT32, false);
        NDArray values = NDArrays.concat(new NDList(loss.reshape(1), correct.reshape(1), norms));
        values.attach(manager);
        pending.add(new Pending(step, learningRate, values, start));
        return pending.size() < DEVICE_GROUP ? List.of() : flush();
    }

    private void updateAverage(int step) {
        if (average != null) {
            average.update(flat, flatBuffers, step);
        }
    }

    /** Waits for the steps that are not known yet. */
    List<Measured> flush() {
        if (pending.isEmpty()) {
            return List.of();
        }
        List<Measured> measured = new ArrayList<>();
        try (NDArray stacked =
                NDArrays.stack(new NDList(pending.stream().map(Pending::values).toArray(NDArray[]::new)))) {
            float[] values = Transfer.floats(stacked);
            long nanos = (System.nanoTime() - pending.get(0).startNanos()) / pending.size();
            for (int i = 0; i < pending.size(); i++) {
                Pending step = pending.get(i);
                int at = 5 * i;
                measured.add(new Measured(
                        step.step(),
                        step.learningRate(),
                        values[at],
                        Math.round(values[at + 1]),
                        new StepNorms(values[at + 2], values[at + 3], values[at + 4]),
                        nanos));
                step.values().close();
            }
        }
        pending.clear();
        return measured;
    }

    /** Logits of a batch without training, by the average of the weights where there is one; (batch, classes) in row-major order. */
    float[] logits(Batch batch) {
        try (NDManager scratch = manager.newSubManager()) {
            NDArray images = images(scratch, batch);
            NDArray logits = average == null
                    ? net.logits(scratch, images, evaluationParameters(scratch), flatBuffers)
                    : net.logits(scratch, images, average.parameters(), average.buffers());
            return logits.toFloatArray();
        }
    }

    private NDArray images(NDManager scratch, Batch batch) {
        int side = (int) Math.round(Math.sqrt(batch.images().length / 3.0 / batch.size()));
        NDArray images = Transfer.upload(flat, batch.images(), new Shape(batch.size(), 3, side, side));
        images.attach(scratch);
        return channelsLast ? channelsLast(images) : images;
    }

    /** The same values in another order of memory; convolutions, norms and pools then keep to that order all the way. */
    private static NDArray channelsLast(NDArray images) {
        Shape shape = images.getShape();
        return images.transpose(0, 2, 3, 1)
                .flatten()
                .reshape(shape.get(0), shape.get(2), shape.get(3), shape.get(1))
                .transpose(0, 3, 1, 2);
    }

    /** Those of the optimizer, where it evaluates others than it trains. */
    private NDArray evaluationParameters(NDManager scratch) {
        if (onDevice != null) {
            return onDevice.evaluationParameters(flat, scratch);
        }
        return host != null ? host.evaluationParameters(scratch) : flat;
    }

    @Override
    public void close() {
        close(onDevice, host, places, manager, net);
    }

    private static void close(
            @Nullable DeviceUpdater onDevice,
            @Nullable Updater host,
            @Nullable IValue places,
            NDManager manager,
            Net net) {
        if (onDevice != null) {
            onDevice.close();
        }
        if (host != null) {
            host.close();
        }
        if (places != null) {
            places.close();
        }
        manager.close();
        net.close();
    }
}
