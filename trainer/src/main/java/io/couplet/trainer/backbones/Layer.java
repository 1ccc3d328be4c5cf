package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;

/** A function of an activation, with its tensors taken from the pass. */
@FunctionalInterface
interface Layer {
    NDArray forward(Pass pass, NDArray x);

    /** This layer and then the next one. */
    default Layer then(Layer next) {
        return (pass, x) -> next.forward(pass, forward(pass, x));
    }

    /** The layers one after the other. */
    static Layer sequence(Iterable<? extends Layer> layers) {
        return (pass, x) -> {
            NDArray y = x;
            for (Layer layer : layers) {
                y = layer.forward(pass, y);
            }
            return y;
        };
    }
}
