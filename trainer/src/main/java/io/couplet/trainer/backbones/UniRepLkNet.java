package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * UniRepLKNet (Ding et al. 2024, arXiv:2311.15599), as the authors' code trains it: a large depthwise convolution stands beside small dilated ones, each with a batch norm of its own. Each block's
 * branch is scaled by a learned vector that begins at 1e-6; at nano size at 1, with linear layers that begin by their width, for the reasons that {@link ConvNeXt} gives.
 *
 * <p>For 32 × 32 images the two convolutions of the stem keep the size.
 *
 * @param stemStride of each of the stem's two convolutions
 * @param kernels of each stage's blocks; 3 for a plain depthwise convolution
 * @param layerScale where the branches' scales begin
 * @param byWidth whether the linear layers' first values go by their width
 * @param dropPath of stochastic depth at the last block
 */
record UniRepLkNet(
        int stemStride,
        List<Integer> widths,
        List<List<Integer>> kernels,
        double layerScale,
        boolean byWidth,
        double dropPath) {
    private static final double EPSILON = 1e-6;
    private static final Initializer WEIGHT = Initializer.truncatedNormal(0.02);
    private static final Initializer ZERO = Initializer.constant(0);

    /** A small convolution beside a large one. */
    private record Dilated(int kernel, int dilation) {}

    static Backbone of(Backbones.Task task) {
        UniRepLkNet net = switch (task.size()) {
            case NANO -> new UniRepLkNet(2, List.of(24, 48), List.of(List.of(3), List.of(7)), 1, true, task.dropPath());
            case CIFAR -> paper(1, task.dropPath());
            case PAPER -> paper(2, task.dropPath());
        };
        return net.build(task.classes());
    }

    private static UniRepLkNet paper(int stemStride, double dropPath) {
        return new UniRepLkNet(
                stemStride,
                List.of(80, 160, 320, 640),
                List.of(
                        List.of(3, 3, 3),
                        List.of(13, 13, 13),
                        List.of(13, 3, 13, 3, 13, 3, 13, 3, 13, 3, 13, 3, 13, 3, 13, 3, 13, 3),
                        List.of(13, 13, 13)),
                1e-6,
                false,
                dropPath);
    }

    private Backbone build(int classes) {
        return Network.of(root -> {
            List<Layer> downsampling = new ArrayList<>();
            for (int stage = 0; stage < widths.size(); stage++) {
                downsampling.add(downsampling(root.in("downsample_layers").in(stage), stage));
            }
            List<Layer> layers = new ArrayList<>();
            int blocks = kernels.stream().mapToInt(List::size).sum();
            int index = 0;
            for (int stage = 0; stage < widths.size(); stage++) {
                layers.add(downsampling.get(stage));
                for (int block = 0; block < kernels.get(stage).size(); block++) {
                    Layer branch = branch(
                            root.in("stages").in(stage).in(block),
                            widths.get(stage),
                            kernels.get(stage).get(block));
                    layers.add(Layers.residual(branch, Layers.dropPathRate(dropPath, index, blocks)));
                    index++;
                }
            }
            int last = widths.get(widths.size() - 1);
            layers.add(Layers.GLOBAL_AVERAGE_POOL);
            layers.add(Layers.layerNorm(root.in("norm"), last, EPSILON));
            layers.add(Layers.linear(root.in("head"), last, classes, linear(last), ZERO));
            return Layer.sequence(layers);
        });
    }

    private Layer downsampling(Scope scope, int stage) {
        int out = widths.get(stage);
        if (stage > 0) {
            return new Convolution(widths.get(stage - 1), out, 3, 2, 1)
                    .layer(scope.in(0), WEIGHT, ZERO)
                    .then(Layers.layerNorm2d(scope.in(1), out, EPSILON));
        }
        return new Convolution(3, out / 2, 3, stemStride, 1)
                .layer(scope.in(0), WEIGHT, ZERO)
                .then(Layers.layerNorm2d(scope.in(1), out / 2, EPSILON))
                .then(Layers.GELU)
                .then(new Convolution(out / 2, out, 3, stemStride, 1).layer(scope.in(3), WEIGHT, ZERO))
                .then(Layers.layerNorm2d(scope.in(4), out, EPSILON));
    }

    private Layer branch(Scope scope, int width, int kernel) {
        int gamma = scope.parameter("gamma", Initializer.constant(layerScale), width);
        Layer spatial = (kernel == 3
                        ? depthwise(scope.in("dwconv"), Convolution.depthwise(width, kernel, 1))
                        : largeKernel(scope.in("dwconv"), width, kernel))
                .then(Layers.batchNorm(scope.in("norm"), width))
                .then(squeezeExcite(scope.in("se"), width));
        Layer widened = Layers.linear(scope.in("pwconv1").in(1), width, 4 * width, linear(width), ZERO)
                .then(Layers.GELU)
                .then(responseNorm(scope.in("act").in(1), 4 * width));
        Scope narrowing = scope.in("pwconv2");
        Layer narrow = Layers.linearWithoutBias(narrowing.in(0), 4 * width, width, linear(4 * width));
        Layer norm = Layers.batchNorm(narrowing.in(2), width);
        return (pass, x) -> {
            NDArray y = Layers.channelsLast(spatial.forward(pass, x));
            y = Layers.channelsFirst(narrow.forward(pass, widened.forward(pass, y)));
            return norm.forward(pass, y).mul(pass.parameter(gamma).reshape(width, 1, 1));
        };
    }

    private static Layer largeKernel(Scope scope, int width, int kernel) {
        List<Layer> branches = new ArrayList<>();
        branches.add(depthwise(scope.in("lk_origin"), Convolution.depthwise(width, kernel, 1))
                .then(Layers.batchNorm(scope.in("origin_bn"), width)));
        for (Dilated dilated : beside(kernel)) {
            String name = "k" + dilated.kernel() + "_" + dilated.dilation();
            Convolution convolution = Convolution.dilatedDepthwise(width, dilated.kernel(), dilated.dilation());
            branches.add(depthwise(scope.in("dil_conv_" + name), convolution)
                    .then(Layers.batchNorm(scope.in("dil_bn_" + name), width)));
        }
        return (pass, x) -> {
            NDArray sum = branches.get(0).forward(pass, x);
            for (Layer branch : branches.subList(1, branches.size())) {
                sum = sum.add(branch.forward(pass, x));
            }
            return sum;
        };
    }

    /** As the authors chose them for each size of the large kernel. */
    private static List<Dilated> beside(int kernel) {
        return switch (kernel) {
            case 13 ->
                List.of(new Dilated(5, 1), new Dilated(7, 2), new Dilated(3, 3), new Dilated(3, 4), new Dilated(3, 5));
            case 7 -> List.of(new Dilated(5, 1), new Dilated(3, 2), new Dilated(3, 3));
            default -> throw new IllegalArgumentException("no dilated convolutions for a kernel of " + kernel);
        };
    }

    private Initializer linear(int in) {
        return byWidth ? Initializer.lecunNormal(in) : WEIGHT;
    }

    private static Layer squeezeExcite(Scope scope, int width) {
        return Layers.squeezeExcite(
                Convolution.pointwise(width, width / 4).layer(scope.in("down"), WEIGHT, ZERO),
                Layers.RELU,
                Convolution.pointwise(width / 4, width).layer(scope.in("up"), WEIGHT, ZERO));
    }

    private static Layer responseNorm(Scope scope, int width) {
        int gain = scope.undecayed("gamma", ZERO, 1, 1, 1, width);
        int shift = scope.undecayed("beta", ZERO, 1, 1, 1, width);
        return (pass, x) -> Layers.globalResponseNorm(x, pass.parameter(gain), pass.parameter(shift));
    }

    private static Layer depthwise(Scope scope, Convolution convolution) {
        return convolution.withoutBias().layer(scope, WEIGHT, ZERO);
    }
}
