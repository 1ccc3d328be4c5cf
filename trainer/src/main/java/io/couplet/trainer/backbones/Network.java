package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.function.Function;

/** A layout and the layer that was built with it. */
record Network(ParameterLayout layout, Layer layer) implements Backbone {

    static Network of(Function<Scope, Layer> construction) {
        ParameterLayout.Builder builder = ParameterLayout.builder();
        Layer layer = construction.apply(builder.root());
        return new Network(builder.build(), layer);
    }

    @Override
    public NDArray logits(Pass pass, NDArray images) {
        return layer.forward(pass, images);
    }
}
