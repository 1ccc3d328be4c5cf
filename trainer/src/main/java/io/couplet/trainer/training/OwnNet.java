package io.couplet.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.couplet.trainer.backbones.Backbone;
import io.couplet.trainer.backbones.ParameterLayout;
import io.couplet.trainer.backbones.Pass;
import io.couplet.trainer.weights.StartingWeights;
import org.jspecify.annotations.Nullable;

/**
 * A backbone of ours: it computes with views of the flat vectors, so nothing is copied.
 *
 * @param weights what it begins with; null for its random initialisation
 */
record OwnNet(Backbone backbone, @Nullable StartingWeights weights) implements Net {

    @Override
    public ParameterLayout layout() {
        return backbone.layout();
    }

    @Override
    public float[] initialParameters(long seed) {
        return weights == null ? layout().initialParameters(seed) : weights.parameters();
    }

    @Override
    public float[] initialBuffers() {
        return weights == null ? layout().initialBuffers() : weights.buffers();
    }

    /**
     * {@inheritDoc}
     *
     * <p>The flat vector becomes a leaf of its own: same memory, but without last step's gradient, so that nothing is set to zero and nothing added to.
     */
    @Override
    public Forward train(NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers, long seed) {
        NDArray leaf = parameters.stopGradient();
        leaf.attach(scratch);
        leaf.setRequiresGradient(true);
        NDList statistics = statistics(scratch, buffers);
        JniUtils.setGradMode(true);
        return new Forward(logits(scratch, images, leaf, statistics, true, seed), leaf::getGradient);
    }

    @Override
    public NDArray logits(NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers) {
        return logits(scratch, images, parameters, statistics(scratch, buffers), false, 0);
    }

    private NDArray logits(
            NDManager scratch, NDArray images, NDArray parameters, NDList statistics, boolean training, long seed) {
        NDList views = layout().parameters(parameters);
        views.attach(scratch);
        return backbone.logits(Pass.of(layout(), views, statistics, training, seed), images);
    }

    private NDList statistics(NDManager scratch, @Nullable NDArray buffers) {
        if (buffers == null) {
            return new NDList();
        }
        NDList views = layout().buffers(buffers);
        views.attach(scratch);
        return views;
    }

    @Override
    public void close() {
        // it holds no native memory
    }
}
