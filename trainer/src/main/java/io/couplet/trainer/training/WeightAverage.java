package io.couplet.trainer.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.couplet.trainer.torch.Transfer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An exponential moving average of everything that makes a net: of the flat buffer of what it trains, and of its running statistics, as timm's {@code ModelEmaV3}
 * averages both.
 *
 * <p>After step t the average moves by 1 − min(decay, (1 + t) / (10 + t)) of its distance to the net: the warm-up of TensorFlow's {@code
 * ExponentialMovingAverage}. Without it a decay of 0.9999 would still be 97 % initialisation after 320 steps. The factor depends on nothing but the step, so the two
 * vectors are all there is to save. Gradient recording must be off.
 */
final class WeightAverage {
    private static final String PARAMETERS = "ema.parameters";
    private static final String BUFFERS = "ema.buffers";
    /** One index from zero for all arrays, which is what lets the compiler vectorise the loop; see HostUpdater. */
    private static final int CHUNK = 8_192;

    private final double decay;
    private final boolean onHost;
    private final NDManager manager;
    private final NDManager scalars;
    private NDArray parameters;
    private @Nullable NDArray buffers;
    private final float[] net = new float[CHUNK];
    private final float[] average = new float[CHUNK];

    /**
     * Begins at the net as it is.
     *
     * @param manager that of the run, which frees the average too
     */
    WeightAverage(
            double decay, NDArray netParameters, @Nullable NDArray netBuffers, NDManager manager, boolean onHost) {
        this.decay = decay;
        this.onHost = onHost;
        this.manager = manager;
        this.scalars = manager.newSubManager(Device.cpu());
        this.parameters = copy(netParameters);
        this.buffers = netBuffers == null ? null : copy(netBuffers);
    }

    private NDArray copy(NDArray vector) {
        NDArray copy = vector.duplicate();
        copy.attach(manager);
        return copy;
    }

    /** The averaged flat buffer. */
    NDArray parameters() {
        return parameters;
    }

    /** The averaged running statistics; null where the net has none. */
    @Nullable
    NDArray buffers() {
        return buffers;
    }

    /** How far the average moves after a step. */
    static double weight(double decay, int step) {
        return 1 - Math.min(decay, (1.0 + step) / (10.0 + step));
    }

    /** @param step 1-based, the one that has just changed the net */
    void update(NDArray netParameters, @Nullable NDArray netBuffers, int step) {
        double weight = weight(decay, step);
        move(parameters, netParameters, weight);
        if (buffers != null && netBuffers != null) {
            move(buffers, netBuffers, weight);
        }
    }

    private void move(NDArray averaged, NDArray towards, double weight) {
        if (onHost) {
            move(floats(averaged), floats(towards), (float) weight);
            return;
        }
        // A scalar on the CPU: torch takes it as a plain number, where one on the device would be a copy to it.
        try (NDArray factor = scalars.create((float) weight);
                NDArray difference = towards.sub(averaged)) {
            averaged.addi(difference.muli(factor));
        }
    }

    private void move(FloatBuffer averaged, FloatBuffer towards, float weight) {
        int elements = averaged.capacity();
        for (int start = 0; start < elements; start += CHUNK) {
            int length = Math.min(CHUNK, elements - start);
            averaged.get(start, average, 0, length);
            towards.get(start, net, 0, length);
            for (int i = 0; i < length; i++) {
                average[i] += weight * (net[i] - average[i]);
            }
            averaged.put(start, average, 0, length);
        }
    }

    /** The array's own memory. */
    private static FloatBuffer floats(NDArray array) {
        return array.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    /** For a checkpoint, by name; waits for the device. */
    Map<String, float[]> state() {
        return Map.of(
                PARAMETERS,
                Transfer.floats(parameters),
                BUFFERS,
                buffers == null ? new float[0] : Transfer.floats(buffers));
    }

    /** @throws IllegalArgumentException if there is no average among them or it is another net's */
    void restore(Map<String, float[]> state) {
        parameters = replaced(parameters, state.get(PARAMETERS));
        if (buffers != null) {
            buffers = replaced(buffers, state.get(BUFFERS));
        }
    }

    private NDArray replaced(NDArray old, float @Nullable [] values) {
        if (values == null || values.length != old.size()) {
            throw new IllegalArgumentException("the checkpoint has "
                    + (values == null ? "no average of the weights" : "an average of " + values.length + " values")
                    + " where the recipe needs one of " + old.size()
                    + ": begin again, or train with the recipe that it was saved with");
        }
        old.close();
        return manager.create(values);
    }
}
