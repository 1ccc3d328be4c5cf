package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/**
 * DeiT without its distillation token, that is, a vision transformer (Touvron et al. 2021, arXiv:2012.12877; Dosovitskiy et al. 2021).
 *
 * <p>On images of 32 × 32 patches of 4: 64 tokens, the least that still shows textures.
 *
 * @param weights first values of a matrix by its fan-in
 */
record DeiT(int patch, int width, int depth, int heads, int mlpRatio, LongFunction<Initializer> weights) {
    private static final double EPSILON = 1e-6;
    private static final Initializer SMALL = Initializer.truncatedNormal(0.02);
    private static final Initializer ZERO = Initializer.constant(0);

    static Backbone of(Backbones.Task task) {
        DeiT vit = switch (task.size()) {
            case NANO -> new DeiT(task.imageSize() / 8, 48, 2, 2, 2, Initializer::lecunNormal);
            case CIFAR -> new DeiT(4, 384, 12, 6, 4, fanIn -> SMALL);
            case PAPER -> new DeiT(16, 384, 12, 6, 4, fanIn -> SMALL);
        };
        return vit.build(task.imageSize(), task.classes(), task.dropPath());
    }

    private Backbone build(int imageSize, int classes, double dropPath) {
        int side = imageSize / patch;
        int tokens = side * side + 1;
        return Network.of(root -> {
            int classToken = root.undecayed("cls_token", Initializer.normal(1e-6), 1, 1, width);
            int positions = root.undecayed("pos_embed", SMALL, 1, tokens, width);
            Convolution patches = new Convolution(3, width, patch, patch, 0);
            Initializer patchInitializer = Initializer.torchDefault(patches.fanIn());
            Layer embedding = patches.layer(root.in("patch_embed").in("proj"), patchInitializer, patchInitializer);
            List<Layer> blocks = new ArrayList<>();
            for (int i = 0; i < depth; i++) {
                Scope scope = root.in("blocks").in(i);
                double rate = Layers.dropPathRate(dropPath, i, depth);
                Layer attention =
                        Layers.layerNorm(scope.in("norm1"), width, EPSILON).then(attention(scope.in("attn")));
                blocks.add(Layers.residual(attention, rate));
                Scope mlp = scope.in("mlp");
                Layer perToken = Layers.layerNorm(scope.in("norm2"), width, EPSILON)
                        .then(Layers.linear(mlp.in("fc1"), width, width * mlpRatio, weights.apply(width), ZERO))
                        .then(Layers.GELU)
                        .then(Layers.linear(
                                mlp.in("fc2"), width * mlpRatio, width, weights.apply((long) width * mlpRatio), ZERO));
                blocks.add(Layers.residual(perToken, rate));
            }
            Layer norm = Layers.layerNorm(root.in("norm"), width, EPSILON);
            Layer head = Layers.linear(root.in("head"), width, classes, SMALL, ZERO);
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

    private Layer attention(Scope scope) {
        Initializer weight = weights.apply(width);
        Layer qkv = Layers.linear(scope.in("qkv"), width, 3 * width, weight, ZERO);
        Layer projection = Layers.linear(scope.in("proj"), width, width, weight, ZERO);
        return Attention.of(qkv, projection, heads, width / heads);
    }
}
