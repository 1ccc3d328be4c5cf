package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;

/** An image classifier without its weights: which tensors it needs, and what it computes with them. */
public interface Backbone {

    ParameterLayout layout();

    /**
     * The scores of each class before the softmax.
     *
     * @param images (batch, 3, height, width), normalised
     * @return (batch, classes)
     */
    NDArray logits(Pass pass, NDArray images);
}
