package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * MogaNet (Li et al. 2024, arXiv:2211.03295), as the authors' code has it: gated aggregation of depthwise convolutions of three reaches, then a feed-forward part with a depthwise convolution.
 * Both branches are scaled by learned vectors that begin at 1e-5, at nano size at 1 for the reason that {@link ConvNeXt} gives.
 *
 * <p>For 32 × 32 images the two convolutions of the stem keep the size.
 *
 * @param stemStride of each of the stem's two convolutions
 * @param expansions how much wider the feed-forward part is, by stage
 * @param layerScale where the branches' scales begin
 * @param dropPath of stochastic depth at the last block
 */
record MogaNet(
        int stemStride,
        List<Integer> widths,
        List<Integer> depths,
        List<Integer> expansions,
        double layerScale,
        double dropPath) {

    /** Where the scales begin that draw apart what a position has and what its neighbourhood has. */
    private static final double DECOMPOSITION_SCALE = 1e-5;

    static Backbone of(Backbones.Task task) {
        MogaNet net = switch (task.size()) {
            case NANO -> new MogaNet(2, List.of(16, 32), List.of(1, 1), List.of(4, 4), 1, task.dropPath());
            case CIFAR -> paper(1, task.dropPath());
            case PAPER -> paper(2, task.dropPath());
        };
        return net.build(task.classes());
    }

    private static MogaNet paper(int stemStride, double dropPath) {
        return new MogaNet(
                stemStride, List.of(64, 128, 320, 512), List.of(2, 3, 12, 2), List.of(8, 8, 4, 4), 1e-5, dropPath);
    }

    private Backbone build(int classes) {
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            int blocks = depths.stream().mapToInt(Integer::intValue).sum();
            int index = 0;
            int in = 3;
            for (int stage = 0; stage < widths.size(); stage++) {
                int out = widths.get(stage);
                Scope embedding = root.in("patch_embed" + (stage + 1));
                layers.add(stage == 0 ? stem(embedding.in("projection"), out) : downsampling(embedding, in, out));
                for (int block = 0; block < depths.get(stage); block++) {
                    Scope scope = root.in("blocks" + (stage + 1)).in(block);
                    double rate = Layers.dropPathRate(dropPath, index, blocks);
                    layers.add(block(scope, out, out * expansions.get(stage), rate));
                    index++;
                }
                layers.add(Layers.batchNorm(root.in("norm" + (stage + 1)), out));
                in = out;
            }
            layers.add(Layers.GLOBAL_AVERAGE_POOL);
            layers.add(Layers.linear(
                    root.in("head"), in, classes, Initializer.truncatedNormal(0.02), Initializer.constant(0)));
            return Layer.sequence(layers);
        });
    }

    private Layer stem(Scope scope, int width) {
        return convolution(scope.in(0), new Convolution(3, width / 2, 3, stemStride, 1))
                .then(Layers.batchNorm(scope.in(1), width / 2))
                .then(Layers.GELU)
                .then(convolution(scope.in(3), new Convolution(width / 2, width, 3, stemStride, 1)))
                .then(Layers.batchNorm(scope.in(4), width));
    }

    private static Layer downsampling(Scope scope, int in, int out) {
        return convolution(scope.in("projection"), new Convolution(in, out, 3, 2, 1))
                .then(Layers.batchNorm(scope.in("norm"), out));
    }

    private Layer block(Scope scope, int width, int hidden, double dropPath) {
        Initializer scale = Initializer.constant(layerScale);
        int scale1 = scope.undecayed("layer_scale_1", scale, 1, width, 1, 1);
        int scale2 = scope.undecayed("layer_scale_2", scale, 1, width, 1, 1);
        Layer aggregation = Layers.batchNorm(scope.in("norm1"), width).then(aggregation(scope.in("attn"), width));
        Layer feedForward =
                Layers.batchNorm(scope.in("norm2"), width).then(feedForward(scope.in("mlp"), width, hidden));
        return Layers.residual(scaled(aggregation, scale1), dropPath)
                .then(Layers.residual(scaled(feedForward, scale2), dropPath));
    }

    private static Layer scaled(Layer layer, int scale) {
        return (pass, x) -> layer.forward(pass, x).mul(pass.parameter(scale));
    }

    /** Mixes positions: a gate times the aggregated neighbourhood; with a shortcut of its own. */
    private static Layer aggregation(Scope scope, int width) {
        Layer in = convolution(scope.in("proj_1"), Convolution.pointwise(width, width));
        Layer gate = convolution(scope.in("gate"), Convolution.pointwise(width, width))
                .then(Layers.SILU);
        Layer value = neighbourhood(scope.in("value"), width).then(Layers.SILU);
        Layer out = convolution(scope.in("proj_2"), Convolution.pointwise(width, width));
        int sigma = decompositionScale(scope, width);
        return (pass, x) -> {
            NDArray y = in.forward(pass, x);
            NDArray deviation = y.sub(Layers.CHANNEL_MEANS.forward(pass, y));
            y = Layers.SILU.forward(pass, y.add(deviation.mul(pass.parameter(sigma))));
            NDArray gated = gate.forward(pass, y).mul(value.forward(pass, y));
            return out.forward(pass, gated).add(x);
        };
    }

    /** One eighth of the channels sees 5 × 5 positions, three eighths and a half of them reach farther by a second, dilated convolution. */
    private static Layer neighbourhood(Scope scope, int width) {
        int middle = width * 3 / 8;
        int far = width / 2;
        int near = width - middle - far;
        Layer all = convolution(scope.in("DW_conv0"), Convolution.depthwise(width, 5, 1));
        Layer middleLayer = convolution(scope.in("DW_conv1"), Convolution.dilatedDepthwise(middle, 5, 2));
        Layer farLayer = convolution(scope.in("DW_conv2"), Convolution.dilatedDepthwise(far, 7, 3));
        Layer mix = convolution(scope.in("PW_conv"), Convolution.pointwise(width, width));
        return (pass, x) -> {
            NDList parts = all.forward(pass, x).split(new long[] {near, near + middle}, 1);
            NDArray y = parts.get(0)
                    .concat(middleLayer.forward(pass, parts.get(1)), 1)
                    .concat(farLayer.forward(pass, parts.get(2)), 1);
            return mix.forward(pass, y);
        };
    }

    /** Mixes channels; what a position has beyond the channels' common part is reweighed. */
    private static Layer feedForward(Scope scope, int width, int hidden) {
        Layer widened = convolution(scope.in("fc1"), Convolution.pointwise(width, hidden))
                .then(convolution(scope.in("dwconv"), Convolution.depthwise(hidden, 3, 1)))
                .then(Layers.GELU);
        Layer narrow = convolution(scope.in("fc2"), Convolution.pointwise(hidden, width));
        Layer common = convolution(scope.in("decompose"), Convolution.pointwise(hidden, 1))
                .then(Layers.GELU);
        int sigma = decompositionScale(scope, hidden);
        return (pass, x) -> {
            NDArray y = widened.forward(pass, x);
            NDArray deviation = y.sub(common.forward(pass, y));
            return narrow.forward(pass, y.add(deviation.mul(pass.parameter(sigma))));
        };
    }

    private static int decompositionScale(Scope scope, int width) {
        return scope.in("sigma").undecayed("scale", Initializer.constant(DECOMPOSITION_SCALE), 1, width, 1, 1);
    }

    private static Layer convolution(Scope scope, Convolution convolution) {
        return convolution.layer(
                scope, Initializer.kaimingNormal(convolution.fanOutPerGroup()), Initializer.constant(0));
    }
}
