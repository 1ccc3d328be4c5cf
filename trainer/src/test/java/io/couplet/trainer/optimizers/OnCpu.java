package io.couplet.trainer.optimizers;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** An optimizer with vectors of its own, updated as a training on a CPU updates them. */
final class OnCpu implements AutoCloseable {
    private final NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
    private final NDArray parameters;
    private final NDArray gradient;
    private final Updater updater;

    OnCpu(Optimizer optimizer, Tensors tensors, float[] start) {
        JniUtils.setGradMode(false);
        parameters = manager.create(start.clone());
        gradient = parameters.zerosLike();
        updater = Updater.of(optimizer, tensors, parameters, gradient);
    }

    StepNorms step(float[] slope, double learningRate, double maxGradientNorm) {
        floats(gradient).put(slope);
        return updater.step(learningRate, maxGradientNorm);
    }

    private static FloatBuffer floats(NDArray array) {
        return array.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    float[] parameters() {
        return parameters.toFloatArray();
    }

    /** Whether others than the trained ones are to be evaluated. */
    boolean evaluatesOthers() {
        try (NDManager scratch = manager.newSubManager()) {
            return updater.evaluationParameters(scratch) != parameters;
        }
    }

    float[] evaluationParameters() {
        try (NDManager scratch = manager.newSubManager()) {
            return updater.evaluationParameters(scratch).toFloatArray();
        }
    }

    OptimizerState state() {
        return updater.state();
    }

    void restore(OptimizerState state) {
        updater.restore(state);
    }

    @Override
    public void close() {
        updater.close();
        manager.close();
    }
}
