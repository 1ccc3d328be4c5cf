package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * MLP-Mixer (Tolstikhin et al. 2021, arXiv:2105.01601): one MLP across the tokens, one across the channels, in turn. On images of 32 × 32 patches of 4.
 */
record MlpMixer(int patch, int width, int depth, int tokenHidden, int channelHidden) {
    private static final double EPSILON = 1e-6;
    private static final Initializer BIAS = Initializer.normal(1e-6);

    static Backbone of(Backbones.Task task) {
        MlpMixer mixer = switch (task.size()) {
            case NANO -> new MlpMixer(task.imageSize() / 8, 48, 3, 32, 96);
            case CIFAR -> new MlpMixer(4, 512, 8, 256, 2048);
            case PAPER -> new MlpMixer(16, 512, 8, 256, 2048);
        };
        return mixer.build(task.imageSize(), task.classes(), task.dropPath());
    }

    private Backbone build(int imageSize, int classes, double dropPath) {
        int side = imageSize / patch;
        int tokens = side * side;
        return Network.of(root -> {
            Convolution patches = new Convolution(3, width, patch, patch, 0);
            Layer stem = patches.layer(
                    root.in("stem").in("proj"), Initializer.lecunNormal(patches.fanIn()), Initializer.constant(0));
            List<Layer> blocks = new ArrayList<>();
            for (int i = 0; i < depth; i++) {
                Scope scope = root.in("blocks").in(i);
                double rate = Layers.dropPathRate(dropPath, i, depth);
                Layer tokensFirst = Layers.layerNorm(scope.in("norm1"), width, EPSILON)
                        .then(acrossTokens(scope.in("mlp_tokens"), tokens, tokenHidden));
                blocks.add(Layers.residual(tokensFirst, rate));
                Layer channels = Layers.layerNorm(scope.in("norm2"), width, EPSILON)
                        .then(acrossChannels(scope.in("mlp_channels"), width, channelHidden));
                blocks.add(Layers.residual(channels, rate));
            }
            Layer norm = Layers.layerNorm(root.in("norm"), width, EPSILON);
            // timm starts the head at zero: the first loss is exactly ln(classes).
            Layer head =
                    Layers.linear(root.in("head"), width, classes, Initializer.constant(0), Initializer.constant(0));
            Layer body = Layer.sequence(blocks).then(norm);
            return (pass, images) -> {
                long batch = images.getShape().get(0);
                NDArray x =
                        stem.forward(pass, images).reshape(batch, width, tokens).swapAxes(1, 2);
                return head.forward(pass, body.forward(pass, x).mean(new int[] {1}));
            };
        });
    }

    private static Layer acrossChannels(Scope scope, int width, int hidden) {
        Initializer weight = Initializer.xavierUniform(width, hidden);
        return Layers.linear(scope.in("fc1"), width, hidden, weight, BIAS)
                .then(Layers.GELU)
                .then(Layers.linear(scope.in("fc2"), hidden, width, weight, BIAS));
    }

    private static Layer acrossTokens(Scope scope, int tokens, int hidden) {
        Initializer weight = Initializer.xavierUniform(tokens, hidden);
        return columns(scope.in("fc1"), tokens, hidden, weight)
                .then(Layers.GELU)
                .then(columns(scope.in("fc2"), hidden, tokens, weight));
    }

    /** A linear layer along the middle dimension, (batch, in, width) → (batch, out, width), with the weight on the left so that nothing is transposed. */
    private static Layer columns(Scope scope, int in, int out, Initializer weight) {
        int w = scope.parameter("weight", weight, out, in);
        int b = scope.parameter("bias", BIAS, out);
        return (pass, x) -> TorchFunctions.plusMatrixProducts(
                pass.parameter(b).reshape(out, 1),
                pass.parameter(w).broadcast(new Shape(x.getShape().get(0), out, in)),
                x);
    }
}
