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

/** A backbone of ours: it computes with views of the flat vectors, so nothing is copied. */
final class OwnNet implements Net {
    private final Backbone backbone;
    private final @Nullable StartingWeights weights;
    private @Nullable Views trained;

    /** @param weights what it begins with; null for its random initialisation */
    OwnNet(Backbone backbone, @Nullable StartingWeights weights) {
        this.backbone = backbone;
        this.weights = weights;
    }

    /** Of the vectors that are trained, made once: no gradient is kept in a leaf, so each step can begin at the same ones. */
    private record Views(NDArray flat, NDList leaves, NDList statistics) {}

    @Nullable
    StartingWeights weights() {
        return weights;
    }

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

    @Override
    public Forward train(NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers, long seed) {
        if (trained == null || trained.flat() != parameters) {
            NDList leaves = layout().parameters(parameters);
            leaves.forEach(leaf -> leaf.setRequiresGradient(true));
            trained = new Views(parameters, leaves, buffers == null ? new NDList() : layout().buffers(buffers));
        }
        // An operation's result belongs to the manager of its first argument.
        trained.leaves().attach(scratch);
        trained.statistics().attach(scratch);
        JniUtils.setGradMode(true);
        Pass pass = Pass.of(layout(), trained.leaves(), trained.statistics(), true, seed);
        return new Forward(backbone.logits(pass, images), trained.leaves());
    }

    @Override
    public NDArray logits(NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers) {
        NDList views = layout().parameters(parameters);
        views.attach(scratch);
        NDList statistics = buffers == null ? new NDList() : layout().buffers(buffers);
        statistics.attach(scratch);
        return backbone.logits(Pass.of(layout(), views, statistics, false, 0), images);
    }

    @Override
    public void end() {
        if (trained != null) {
            trained.leaves().attach(trained.flat().getManager());
            trained.statistics().attach(trained.flat().getManager());
        }
    }

    @Override
    public void close() {
        // it holds no native memory of its own
    }
}
