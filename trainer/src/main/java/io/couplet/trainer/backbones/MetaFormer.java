package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * MetaFormer baselines (Yu et al. 2022, arXiv:2210.13452) as timm has them; PoolFormerV2 mixes its tokens by average pooling.
 *
 * @param scaledFrom first stage whose shortcuts are scaled by a learned vector
 */
record MetaFormer(
        int stemKernel,
        int stemStride,
        int stemPadding,
        List<Integer> widths,
        List<Integer> depths,
        int mlpRatio,
        int scaledFrom) {
    private static final double EPSILON = 1e-6;

    static Backbone poolFormerV2(Backbones.Task task) {
        return switch (task.size()) {
            case NANO -> poolFormerV2Nano(task.imageSize(), task.classes());
            case CIFAR, PAPER -> poolFormerV2Paper(task.imageSize(), task.classes());
        };
    }

    private static Backbone poolFormerV2Paper(int imageSize, int classes) {
        return new MetaFormer(7, 4, 2, List.of(64, 128, 320, 512), List.of(2, 2, 6, 2), 4, 2).build(classes);
    }

    private static Backbone poolFormerV2Nano(int imageSize, int classes) {
        return new MetaFormer(7, imageSize / 8, 2, List.of(24, 48), List.of(2, 2), 4, 1).build(classes);
    }

    private Backbone build(int classes) {
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            Scope stem = root.in("stem");
            layers.add(convolution(
                    stem.in("conv"), new Convolution(3, widths.get(0), stemKernel, stemStride, stemPadding)));
            layers.add(Layers.layerNorm2dWithoutBias(stem.in("norm"), widths.get(0), EPSILON));
            int in = widths.get(0);
            for (int stage = 0; stage < widths.size(); stage++) {
                Scope scope = root.in("stages").in(stage);
                int out = widths.get(stage);
                if (stage > 0) {
                    Scope downsample = scope.in("downsample");
                    layers.add(Layers.layerNorm2dWithoutBias(downsample.in("norm"), in, EPSILON));
                    layers.add(convolution(downsample.in("conv"), new Convolution(in, out, 3, 2, 1)));
                }
                for (int block = 0; block < depths.get(stage); block++) {
                    layers.add(block(scope.in("blocks").in(block), out, stage >= scaledFrom));
                }
                in = out;
            }
            Scope head = root.in("head");
            layers.add(Layers.GLOBAL_AVERAGE_POOL);
            layers.add(Layers.layerNorm(head.in("norm"), in, EPSILON));
            layers.add(Layers.linear(
                    head.in("fc"), in, classes, Initializer.truncatedNormal(0.02), Initializer.constant(0)));
            return Layer.sequence(layers);
        });
    }

    private Layer block(Scope scope, int width, boolean scaled) {
        Layer norm1 = Layers.groupNorm1WithoutBias(scope.in("norm1"), width, EPSILON);
        Layer mixer = pooling();
        Layer shortcut1 = scaled ? scale(scope.in("res_scale1"), width) : Layers.IDENTITY;
        Layer norm2 = Layers.groupNorm1WithoutBias(scope.in("norm2"), width, EPSILON);
        Scope mlp = scope.in("mlp");
        Layer fc1 = convolution(mlp.in("fc1"), new Convolution(width, width * mlpRatio, 1, 1, 0).withoutBias());
        Layer activation = starRelu(mlp.in("act"));
        Layer fc2 = convolution(mlp.in("fc2"), new Convolution(width * mlpRatio, width, 1, 1, 0).withoutBias());
        Layer perPosition = fc1.then(activation).then(fc2);
        Layer shortcut2 = scaled ? scale(scope.in("res_scale2"), width) : Layers.IDENTITY;
        return (pass, x) -> {
            NDArray y = shortcut1.forward(pass, x).add(mixer.forward(pass, norm1.forward(pass, x)));
            return shortcut2.forward(pass, y).add(perPosition.forward(pass, norm2.forward(pass, y)));
        };
    }

    /** What the neighbours have more of than the position itself. */
    private static Layer pooling() {
        Layer average = Layers.averagePoolSameSize(3);
        return (pass, x) -> average.forward(pass, x).sub(x);
    }

    private static Layer scale(Scope scope, int width) {
        int scale = scope.parameter("scale", Initializer.constant(1), width);
        return (pass, x) -> x.mul(pass.parameter(scale).reshape(width, 1, 1));
    }

    /** s · ReLU(x)² + b; with the first values the output of a standard Gaussian has mean zero and variance one. */
    private static Layer starRelu(Scope scope) {
        int scale = scope.parameter("scale", Initializer.constant(0.8944), 1);
        int bias = scope.parameter("bias", Initializer.constant(-0.4472), 1);
        return (pass, x) ->
                Layers.RELU.forward(pass, x).square().mul(pass.parameter(scale)).add(pass.parameter(bias));
    }

    private static Layer convolution(Scope scope, Convolution convolution) {
        return convolution.layer(scope, Initializer.truncatedNormal(0.02), Initializer.constant(0));
    }
}
