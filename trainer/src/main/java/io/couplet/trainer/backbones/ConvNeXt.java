package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * ConvNeXt (Liu et al. 2022, arXiv:2201.03545) and ConvNeXtV2 (Woo et al. 2023, arXiv:2301.00808), which has a global response norm where the first scales each branch by a learned vector.
 *
 * <p>That vector begins at 1e-6 at paper size, so the blocks come to life only as it grows: in 240 steps a small net did not get past 13 %. At nano size it begins at 1, where V2 stands that has no
 * such vector. And the linear layers of the paper begin with a standard deviation of 0.02, which is made for widths of hundreds; at nano size it goes by the width, √(1 / fanIn). Measured with
 * AdamW on the built-in images, 240 steps of batch 64, top-1: 12 % with 0.02 and a scale of 0.1, 16 % with the width's deviation and a scale of 0.1, 28 % with a scale of 1.
 *
 * <p>For 32 × 32 images the stem is a 3 × 3 convolution without stride, as in OpenMixup's {@code ConvNeXt_CIFAR}.
 *
 * @param stem of the images, before its norm
 * @param kernel of the depthwise convolutions
 * @param layerScale where the branches' scales begin; 0 for a global response norm and no scales
 * @param byWidth whether the linear layers' first values go by their width
 * @param dropPath of stochastic depth at the last block
 */
record ConvNeXt(
        Convolution stem,
        List<Integer> widths,
        List<Integer> depths,
        int kernel,
        double layerScale,
        boolean byWidth,
        double dropPath) {
    private static final double EPSILON = 1e-6;
    private static final List<Integer> TINY_WIDTHS = List.of(96, 192, 384, 768);
    private static final List<Integer> TINY_DEPTHS = List.of(3, 3, 9, 3);

    static Backbone v1(Backbones.Task task) {
        return of(task, task.size() == Backbones.Size.NANO ? 1 : 1e-6);
    }

    static Backbone v2(Backbones.Task task) {
        return of(task, 0);
    }

    private static Backbone of(Backbones.Task task, double layerScale) {
        int width = TINY_WIDTHS.get(0);
        ConvNeXt net = switch (task.size()) {
            case NANO -> {
                int patch = task.imageSize() / 8;
                yield new ConvNeXt(
                        new Convolution(3, 32, patch, patch, 0),
                        List.of(32, 64),
                        List.of(2, 2),
                        5,
                        layerScale,
                        true,
                        task.dropPath());
            }
            case CIFAR ->
                new ConvNeXt(
                        new Convolution(3, width, 3, 1, 1),
                        TINY_WIDTHS,
                        TINY_DEPTHS,
                        7,
                        layerScale,
                        false,
                        task.dropPath());
            case PAPER ->
                new ConvNeXt(
                        new Convolution(3, width, 4, 4, 0),
                        TINY_WIDTHS,
                        TINY_DEPTHS,
                        7,
                        layerScale,
                        false,
                        task.dropPath());
        };
        return net.build(task.classes());
    }

    private Backbone build(int classes) {
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            layers.add(convolution(root.in("stem").in(0), stem));
            layers.add(Layers.layerNorm2d(root.in("stem").in(1), widths.get(0), EPSILON));
            int blocks = depths.stream().mapToInt(Integer::intValue).sum();
            int index = 0;
            int in = widths.get(0);
            for (int stage = 0; stage < widths.size(); stage++) {
                Scope scope = root.in("stages").in(stage);
                int out = widths.get(stage);
                if (stage > 0) {
                    Scope downsample = scope.in("downsample");
                    layers.add(Layers.layerNorm2d(downsample.in(0), in, EPSILON));
                    layers.add(convolution(downsample.in(1), new Convolution(in, out, 2, 2, 0)));
                }
                for (int block = 0; block < depths.get(stage); block++) {
                    Layer branch = branch(scope.in("blocks").in(block), out);
                    layers.add(Layers.residual(branch, Layers.dropPathRate(dropPath, index, blocks)));
                    index++;
                }
                in = out;
            }
            Scope head = root.in("head");
            layers.add(Layers.GLOBAL_AVERAGE_POOL);
            layers.add(Layers.layerNorm(head.in("norm"), in, EPSILON));
            layers.add(linear(head.in("fc"), in, classes));
            return Layer.sequence(layers);
        });
    }

    private Layer branch(Scope scope, int width) {
        int gamma = layerScale == 0 ? -1 : scope.parameter("gamma", Initializer.constant(layerScale), width);
        Layer depthwise = convolution(scope.in("conv_dw"), Convolution.depthwise(width, kernel, 1));
        Layer norm = Layers.layerNorm(scope.in("norm"), width, EPSILON);
        Scope mlp = scope.in("mlp");
        Layer perPosition = linear(mlp.in("fc1"), width, 4 * width)
                .then(Layers.GELU)
                .then(layerScale == 0 ? responseNorm(mlp.in("grn"), 4 * width) : Layers.IDENTITY)
                .then(linear(mlp.in("fc2"), 4 * width, width));
        return (pass, x) -> {
            NDArray y = Layers.channelsLast(depthwise.forward(pass, x));
            y = perPosition.forward(pass, norm.forward(pass, y));
            return Layers.channelsFirst(gamma < 0 ? y : y.mul(pass.parameter(gamma)));
        };
    }

    private static Layer responseNorm(Scope scope, int width) {
        int gain = scope.parameter("weight", Initializer.constant(0), width);
        int shift = scope.parameter("bias", Initializer.constant(0), width);
        return (pass, x) -> Layers.globalResponseNorm(x, pass.parameter(gain), pass.parameter(shift));
    }

    private static Layer convolution(Scope scope, Convolution convolution) {
        return convolution.layer(scope, Initializer.truncatedNormal(0.02), Initializer.constant(0));
    }

    private Layer linear(Scope scope, int in, int out) {
        Initializer weight = byWidth ? Initializer.lecunNormal(in) : Initializer.truncatedNormal(0.02);
        return Layers.linear(scope, in, out, weight, Initializer.constant(0));
    }
}
