package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.LayerNorm;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * MetaFormer baselines (Yu et al. 2022, arXiv:2210.13452) as timm has them: one block, four ways to mix its tokens. Between stem and head an activation is
 * (batch, height, width, channels), so that what works per position is a matrix product and nothing is turned around.
 *
 * <p>On images of 32 × 32 the stem is a convolution of 3 × 3 with stride 1, as the paper's own code has it for PoolFormer on CIFAR.
 *
 * @param mixers one per stage
 * @param scaledFrom first stage whose shortcuts are scaled by a learned vector
 * @param weights first values of a kernel or matrix by its fan-in
 */
record MetaFormer(
        Convolution stem,
        List<Integer> widths,
        List<Integer> depths,
        List<Mixer> mixers,
        int scaledFrom,
        LongFunction<Initializer> weights) {
    private static final double EPSILON = 1e-6;
    private static final int MLP_RATIO = 4;
    private static final int HEAD_WIDTH = 32;
    private static final Initializer SMALL = Initializer.truncatedNormal(0.02);

    /** How the tokens of a block learn of each other. */
    private enum Mixer {
        /** They do not. */
        IDENTITY,
        /** What the neighbours have on average more than the token itself. */
        POOLING,
        /** Inverted separable convolution (Sandler et al. 2018). */
        SEPARABLE_CONVOLUTION,
        ATTENTION;

        /** The simple mixers come with a norm over the whole image and a linear head, the others with one per token and a head of two layers. */
        boolean simple() {
            return this == IDENTITY || this == POOLING;
        }

        /** timm's attention works on tokens, with matrices, the others on images, with 1 × 1 convolutions. */
        long[] matrixShape(int out, int in) {
            return this == ATTENTION ? new long[] {out, in} : new long[] {out, in, 1, 1};
        }
    }

    static Backbone identityFormer(Backbones.Task task) {
        return of(task, Collections.nCopies(4, Mixer.IDENTITY));
    }

    static Backbone poolFormerV2(Backbones.Task task) {
        return of(task, Collections.nCopies(4, Mixer.POOLING));
    }

    static Backbone convFormer(Backbones.Task task) {
        return of(task, Collections.nCopies(4, Mixer.SEPARABLE_CONVOLUTION));
    }

    static Backbone attentionFormer(Backbones.Task task) {
        return of(task, Collections.nCopies(4, Mixer.ATTENTION));
    }

    /** Convolution first, attention where there are few tokens. */
    static Backbone caFormer(Backbones.Task task) {
        return of(
                task,
                List.of(Mixer.SEPARABLE_CONVOLUTION, Mixer.SEPARABLE_CONVOLUTION, Mixer.ATTENTION, Mixer.ATTENTION));
    }

    /** @param mixers of the four stages at paper size; the two stages of the nano size mix as the first and the last of them */
    private static Backbone of(Backbones.Task task, List<Mixer> mixers) {
        MetaFormer former = switch (task.size()) {
            case NANO ->
                new MetaFormer(
                        new Convolution(3, 24, 7, task.imageSize() / 8, 2),
                        List.of(24, 48),
                        List.of(mixers.get(0).simple() ? 2 : 1, 2),
                        List.of(mixers.get(0), mixers.get(3)),
                        1,
                        Initializer::lecunNormal);
            case CIFAR -> paper(new Convolution(3, 64, 3, 1, 1), mixers);
            case PAPER -> paper(new Convolution(3, 64, 7, 4, 2), mixers);
        };
        return former.build(task.classes(), task.dropPath());
    }

    private static MetaFormer paper(Convolution stem, List<Mixer> mixers) {
        return new MetaFormer(stem, List.of(64, 128, 320, 512), List.of(2, 2, 6, 2), mixers, 2, fanIn -> SMALL);
    }

    private Backbone build(int classes, double dropPath) {
        int blocks = depths.stream().mapToInt(Integer::intValue).sum();
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            Scope stemScope = root.in("stem");
            layers.add(convolution(stemScope.in("conv"), stem));
            layers.add((pass, x) -> Layers.channelsLast(x));
            layers.add(norm(stemScope.in("norm"), widths.get(0)));
            int in = widths.get(0);
            int before = 0;
            for (int stage = 0; stage < widths.size(); stage++) {
                Scope scope = root.in("stages").in(stage);
                int out = widths.get(stage);
                if (stage > 0) {
                    Scope downsample = scope.in("downsample");
                    layers.add(norm(downsample.in("norm"), in));
                    layers.add(channelsLast(convolution(downsample.in("conv"), new Convolution(in, out, 3, 2, 1))));
                }
                for (int block = 0; block < depths.get(stage); block++) {
                    double rate = Layers.dropPathRate(dropPath, before++, blocks);
                    layers.add(block(scope.in("blocks").in(block), out, mixers.get(stage), stage >= scaledFrom, rate));
                }
                in = out;
            }
            layers.add((pass, x) -> Layers.GLOBAL_AVERAGE_POOL.forward(pass, Layers.channelsFirst(x)));
            layers.add(head(
                    root.in("head"), in, classes, mixers.get(mixers.size() - 1).simple()));
            return Layer.sequence(layers);
        });
    }

    private Layer block(Scope scope, int width, Mixer mixer, boolean scaled, double dropPath) {
        Layer drop = Layers.dropPath(dropPath);
        Layer norm1 = blockNorm(scope.in("norm1"), width, mixer);
        Layer mix = mixer(scope.in("token_mixer"), width, mixer);
        Residual residual1 = residual(scope.in("res_scale1"), width, scaled);
        Layer norm2 = blockNorm(scope.in("norm2"), width, mixer);
        Layer perPosition = mlp(scope.in("mlp"), width, mixer);
        Residual residual2 = residual(scope.in("res_scale2"), width, scaled);
        Layer branch1 = norm1.then(mix).then(drop);
        Layer branch2 = norm2.then(perPosition).then(drop);
        return (pass, x) -> {
            NDArray y = residual1.sum(pass, x, branch1.forward(pass, x));
            return residual2.sum(pass, y, branch2.forward(pass, y));
        };
    }

    private Layer mixer(Scope scope, int width, Mixer mixer) {
        return switch (mixer) {
            case IDENTITY -> Layers.IDENTITY;
            case POOLING ->
                channelsLast((pass, x) -> TorchFunctions.averageOfNeighbours(x).sub(x));
            case SEPARABLE_CONVOLUTION -> separableConvolution(scope, width);
            case ATTENTION -> attention(scope, width);
        };
    }

    private Layer attention(Scope scope, int width) {
        int heads = Math.max(1, width / HEAD_WIDTH);
        int inner = heads * HEAD_WIDTH;
        Layer attention = Attention.of(
                linear(scope.in("qkv").parameter("weight", weights.apply(width), 3L * inner, width)),
                linear(scope.in("proj").parameter("weight", weights.apply(inner), width, inner)),
                heads,
                HEAD_WIDTH);
        return (pass, x) -> {
            Shape shape = x.getShape();
            return attention
                    .forward(pass, x.reshape(shape.get(0), shape.get(1) * shape.get(2), width))
                    .reshape(shape);
        };
    }

    private Layer separableConvolution(Scope scope, int width) {
        int inner = 2 * width;
        Layer expand = linear(scope.in("pwconv1").parameter("weight", weights.apply(width), inner, width, 1, 1));
        Layer activation = starRelu(scope.in("act1"));
        Layer depthwise = channelsLast(convolution(
                scope.in("dwconv"), Convolution.depthwise(inner, 7, 1).withoutBias()));
        Layer contract = linear(scope.in("pwconv2").parameter("weight", weights.apply(inner), width, inner, 1, 1));
        return expand.then(activation).then(depthwise).then(contract);
    }

    /**
     * Two linear layers with StarReLU between them, s · ReLU(x)² + b. Scale and shift go through the second layer's weight, which has fewer elements than the
     * activation: W (s · r + b · 1) = (s · W) r + b · W 1.
     */
    private Layer mlp(Scope scope, int width, Mixer mixer) {
        int inner = MLP_RATIO * width;
        int weight1 = scope.in("fc1").parameter("weight", weights.apply(width), mixer.matrixShape(inner, width));
        Star star = star(scope.in("act"));
        int weight2 = scope.in("fc2").parameter("weight", weights.apply(inner), mixer.matrixShape(width, inner));
        Layer expand = linear(weight1);
        return (pass, x) -> {
            NDArray hidden = Layers.RELU.forward(pass, expand.forward(pass, x));
            NDArray matrix = matrix(pass.parameter(weight2));
            return linear(
                    hidden.mul(hidden),
                    matrix.mul(pass.parameter(star.scale())),
                    matrix.sum(new int[] {1}).mul(pass.parameter(star.bias())));
        };
    }

    /** The two numbers of a StarReLU; with the first values the output of a standard Gaussian has mean zero and variance one. */
    private record Star(int scale, int bias) {}

    private static Star star(Scope scope) {
        return new Star(
                scope.parameter("scale", Initializer.constant(0.8944), 1),
                scope.parameter("bias", Initializer.constant(-0.4472), 1));
    }

    private static Layer starRelu(Scope scope) {
        Star star = star(scope);
        return (pass, x) -> {
            NDArray positive = Layers.RELU.forward(pass, x);
            return TorchFunctions.plusProduct(
                    pass.parameter(star.bias()), positive.mul(positive), pass.parameter(star.scale()));
        };
    }

    /** What is added to a branch: the input as it is, or times a learned vector. */
    private interface Residual {
        NDArray sum(Pass pass, NDArray x, NDArray branch);
    }

    private static Residual residual(Scope scope, int width, boolean scaled) {
        if (!scaled) {
            return (pass, x, branch) -> x.add(branch);
        }
        int scale = scope.parameter("scale", Initializer.constant(1), width);
        return (pass, x, branch) -> TorchFunctions.plusProduct(branch, x, pass.parameter(scale));
    }

    private Layer head(Scope scope, int width, int classes, boolean simple) {
        Layer norm = Layers.layerNorm(scope.in("norm"), width, EPSILON);
        Scope fc = scope.in("fc");
        if (simple) {
            return norm.then(Layers.linear(fc, width, classes, SMALL, Initializer.constant(0)));
        }
        int inner = MLP_RATIO * width;
        Layer fc1 = Layers.linear(fc.in("fc1"), width, inner, weights.apply(width), Initializer.constant(0));
        Layer innerNorm = Layers.layerNorm(fc.in("norm"), inner, EPSILON);
        Layer fc2 = Layers.linear(fc.in("fc2"), inner, classes, SMALL, Initializer.constant(0));
        return norm.then(fc1)
                .then(Layers.RELU)
                .then((pass, x) -> x.mul(x))
                .then(innerNorm)
                .then(fc2);
    }

    /** Over the channels of each position, with a weight and no bias. */
    private static Layer norm(Scope scope, int width) {
        int weight = scope.parameter("weight", Initializer.constant(1), width);
        Shape normalised = new Shape(width);
        return (pass, x) -> {
            NDArray zero = x.getManager().zeros(normalised, x.getDataType());
            return LayerNorm.layerNorm(x, normalised, pass.parameter(weight), zero, (float) EPSILON)
                    .head();
        };
    }

    /** Over positions and channels together, with a weight per channel and no bias: group norm with one group. */
    private static Layer wholeNorm(Scope scope, int width) {
        int weight = scope.parameter("weight", Initializer.constant(1), width);
        return (pass, x) -> {
            Shape shape = x.getShape();
            Shape normalised = shape.slice(1);
            NDArray gain = pass.parameter(weight).broadcast(normalised);
            NDArray zero = x.getManager().zeros(normalised, x.getDataType());
            return LayerNorm.layerNorm(x, normalised, gain, zero, (float) EPSILON)
                    .head();
        };
    }

    private static Layer blockNorm(Scope scope, int width, Mixer mixer) {
        return mixer.simple() ? wholeNorm(scope, width) : norm(scope, width);
    }

    /** A matrix product per position with a weight that may have the shape of a 1 × 1 convolution. */
    private static Layer linear(int weight) {
        return (pass, x) -> linear(x, matrix(pass.parameter(weight)), null);
    }

    private static NDArray linear(NDArray x, NDArray weight, @Nullable NDArray bias) {
        return Linear.linear(x, weight, bias).head();
    }

    private static NDArray matrix(NDArray weight) {
        return weight.reshape(weight.getShape().get(0), weight.getShape().get(1));
    }

    /** A layer of images for activations whose channels come last; torch keeps that order in memory, so nothing is copied. */
    private static Layer channelsLast(Layer layer) {
        return (pass, x) -> Layers.channelsLast(layer.forward(pass, Layers.channelsFirst(x)));
    }

    private Layer convolution(Scope scope, Convolution convolution) {
        return convolution.layer(scope, weights.apply(convolution.fanIn()), Initializer.constant(0));
    }
}
