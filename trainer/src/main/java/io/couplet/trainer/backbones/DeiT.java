package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/** DeiT without its distillation token, that is, a vision transformer (Touvron et al. 2021, arXiv:2012.12877; Dosovitskiy et al. 2021). */
record DeiT(int patch, int width, int depth, int heads, int mlpRatio) {
    private static final double EPSILON = 1e-6;

    static Backbone of(Backbones.Task task) {
        return switch (task.size()) {
            case NANO -> nano(task.imageSize(), task.classes());
            case CIFAR, PAPER -> paper(task.imageSize(), task.classes());
        };
    }

    private static Backbone paper(int imageSize, int classes) {
        return new DeiT(16, 384, 12, 6, 4).build(imageSize, classes);
    }

    private static Backbone nano(int imageSize, int classes) {
        return new DeiT(imageSize / 4, 64, 4, 4, 2).build(imageSize, classes);
    }

    private Backbone build(int imageSize, int classes) {
        int side = imageSize / patch;
        int tokens = side * side + 1;
        Initializer small = Initializer.truncatedNormal(0.02);
        Initializer zero = Initializer.constant(0);
        return Network.of(root -> {
            int classToken = root.undecayed("cls_token", Initializer.normal(1e-6), 1, 1, width);
            int positions = root.undecayed("pos_embed", small, 1, tokens, width);
            Convolution patches = new Convolution(3, width, patch, patch, 0);
            Initializer patchInitializer = Initializer.torchDefault(patches.fanIn());
            Layer embedding = patches.layer(root.in("patch_embed").in("proj"), patchInitializer, patchInitializer);
            List<Layer> blocks = new ArrayList<>();
            for (int i = 0; i < depth; i++) {
                Scope scope = root.in("blocks").in(i);
                Layer norm1 = Layers.layerNorm(scope.in("norm1"), width, EPSILON);
                Layer attention = attention(scope.in("attn"), width, heads, small);
                Layer norm2 = Layers.layerNorm(scope.in("norm2"), width, EPSILON);
                Scope mlp = scope.in("mlp");
                Layer perToken = Layers.linear(mlp.in("fc1"), width, width * mlpRatio, small, zero)
                        .then(Layers.GELU)
                        .then(Layers.linear(mlp.in("fc2"), width * mlpRatio, width, small, zero));
                blocks.add((pass, x) -> {
                    NDArray y = x.add(attention.forward(pass, norm1.forward(pass, x)));
                    return y.add(perToken.forward(pass, norm2.forward(pass, y)));
                });
            }
            Layer norm = Layers.layerNorm(root.in("norm"), width, EPSILON);
            Layer head = Layers.linear(root.in("head"), width, classes, small, zero);
            return (pass, images) -> {
                long batch = images.getShape().get(0);
                NDArray x = embedding
                        .forward(pass, images)
                        .reshape(batch, width, tokens - 1)
                        .swapAxes(1, 2);
                x = pass.parameter(classToken)
                        .broadcast(new Shape(batch, 1, width))
                        .concat(x, 1)
                        .add(pass.parameter(positions));
                for (Layer block : blocks) {
                    x = block.forward(pass, x);
                }
                // Each token is normalised by itself, so the class token may be taken out before the norm.
                NDArray classOnly = x.split(new long[] {1}, 1).head().reshape(batch, width);
                return head.forward(pass, norm.forward(pass, classOnly));
            };
        });
    }

    /** Self-attention of (batch, tokens, width); {@code qkv} holds queries, keys and values one after the other. */
    private static Layer attention(Scope scope, int width, int heads, Initializer weight) {
        Layer qkv = Layers.linear(scope.in("qkv"), width, 3 * width, weight, Initializer.constant(0));
        Layer projection = Layers.linear(scope.in("proj"), width, width, weight, Initializer.constant(0));
        int headWidth = width / heads;
        double scale = 1 / Math.sqrt(headWidth);
        return (pass, x) -> {
            long batch = x.getShape().get(0);
            long tokens = x.getShape().get(1);
            NDArray all = qkv.forward(pass, x)
                    .reshape(batch, tokens, 3, heads, headWidth)
                    .transpose(2, 0, 3, 1, 4)
                    .reshape(3 * batch * heads, tokens, headWidth);
            NDList parts = all.split(new long[] {batch * heads, 2 * batch * heads}, 0);
            NDArray weights = parts.get(0)
                    .mul(Layers.scalar(x, scale))
                    .batchMatMul(parts.get(1).swapAxes(1, 2))
                    .softmax(-1);
            NDArray mixed = weights.batchMatMul(parts.get(2))
                    .reshape(batch, heads, tokens, headWidth)
                    .swapAxes(1, 2)
                    .reshape(batch, tokens, width);
            return projection.forward(pass, mixed);
        };
    }
}
