package io.couplet.trainer.optimizers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.IValue;

/** Applies an optimizer on the CPU to flat vectors that it was made for. Gradient recording must be off. Not thread-safe. */
public interface Updater extends AutoCloseable {

    /**
     * @param parameters float32; changed in place by each step
     * @param gradient read by each step, which may scale it
     */
    static Updater of(Optimizer optimizer, Tensors tensors, NDArray parameters, NDArray gradient) {
        return optimizer instanceof Adam adam
                ? new FusedAdam(adam, tensors, parameters, gradient)
                : new HostUpdater(optimizer, tensors).over(parameters, gradient);
    }

    /** @param maxGradientNorm the gradient is scaled down to this global norm; infinity for never */
    StepNorms step(double learningRate, double maxGradientNorm);

    /** Whether the gradient of a tensor can be handed over by itself, so that nobody need copy it into the flat one; large ones mostly. */
    default boolean takesAlone(int tensor) {
        return false;
    }

    /**
     * The same with the gradients of the tensors that it {@linkplain #takesAlone takes alone}, in their order, one-dimensional and contiguous; those of all others are read
     * from the flat vector.
     */
    default StepNorms step(double learningRate, double maxGradientNorm, IValue alone) {
        throw new UnsupportedOperationException("no tensor's gradient is taken alone");
    }

    /** The parameters to evaluate with, where those are others than the trained ones, else the trained ones themselves. */
    NDArray evaluationParameters(NDManager scratch);

    /** A copy. */
    OptimizerState state();

    /** @throws IllegalArgumentException if the state belongs to another optimizer or other parameters */
    void restore(OptimizerState saved);

    @Override
    void close();
}
