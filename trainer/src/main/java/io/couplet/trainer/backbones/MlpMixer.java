package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/** MLP-Mixer (Tolstikhin et al. 2021, arXiv:2105.01601): one MLP across the tokens, one across the channels, in turn. */
record MlpMixer(int patch, int width, int depth, int tokenHidden, int channelHidden) {
    private static final double EPSILON = 1e-6;

    static Backbone of(Backbones.Task task) {
        return switch (task.size()) {
            case NANO -> nano(task.imageSize(), task.classes());
            case CIFAR, PAPER -> paper(task.imageSize(), task.classes());
        };
    }

    private static Backbone paper(int imageSize, int classes) {
        return new MlpMixer(16, 512, 8, 256, 2048).build(imageSize, classes);
    }

    private static Backbone nano(int imageSize, int classes) {
        return new MlpMixer(imageSize / 8, 48, 3, 32, 96).build(imageSize, classes);
    }

    private Backbone build(int imageSize, int classes) {
        int side = imageSize / patch;
        int tokens = side * side;
        return Network.of(root -> {
            Convolution patches = new Convolution(3, width, patch, patch, 0);
            Layer stem = patches.layer(
                    root.in("stem").in("proj"), Initializer.lecunNormal(patches.fanIn()), Initializer.constant(0));
            List<Layer> blocks = new ArrayList<>();
            for (int i = 0; i < depth; i++) {
                Scope scope = root.in("blocks").in(i);
                Layer norm1 = Layers.layerNorm(scope.in("norm1"), width, EPSILON);
                Layer acrossTokens = mlp(scope.in("mlp_tokens"), tokens, tokenHidden);
                Layer norm2 = Layers.layerNorm(scope.in("norm2"), width, EPSILON);
                Layer acrossChannels = mlp(scope.in("mlp_channels"), width, channelHidden);
                blocks.add((pass, x) -> {
                    NDArray columns = norm1.forward(pass, x).swapAxes(1, 2);
                    NDArray y = x.add(acrossTokens.forward(pass, columns).swapAxes(1, 2));
                    return y.add(acrossChannels.forward(pass, norm2.forward(pass, y)));
                });
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

    private static Layer mlp(Scope scope, int width, int hidden) {
        Initializer weight = Initializer.xavierUniform(width, hidden);
        Initializer bias = Initializer.normal(1e-6);
        return Layers.linear(scope.in("fc1"), width, hidden, weight, bias)
                .then(Layers.GELU)
                .then(Layers.linear(scope.in("fc2"), hidden, width, weight, bias));
    }
}
