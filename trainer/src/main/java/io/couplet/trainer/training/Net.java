package io.couplet.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.couplet.trainer.backbones.ParameterLayout;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a learner computes with: a backbone of ours, or a module that computes by itself. Tensors go in as flat vectors. */
interface Net extends AutoCloseable {

    /** Logits, (batch, classes), and the tensors to ask for their gradients, in the layout's order. */
    record Forward(NDArray logits, NDList leaves) {}

    ParameterLayout layout();

    /** The flat vector before the first step. */
    float[] initialParameters(long seed);

    float[] initialBuffers();

    /** A training pass, recorded; running statistics are written into {@code buffers}. Switches gradient recording on. */
    Forward train(NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers, long seed);

    /** After a training pass and its gradient: takes out of the step's manager what is to outlive it. */
    default void end() {}

    /** Logits without training; gradient recording must be off. */
    NDArray logits(NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers);

    /** What it keeps beside the flat vectors, by name, for a checkpoint. */
    default Map<String, float[]> state() {
        return Map.of();
    }

    /** @throws IllegalArgumentException in one sentence, if what it needs is not among them */
    default void restore(Map<String, float[]> state) {}

    @Override
    void close();
}
