package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import io.couplet.trainer.torch.Transfer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/**
 * TransNeXt (Shi 2024, arXiv:2311.17132), after github.com/DaiShiResearch/TransNeXt: each token attends to its 3 × 3 neighbourhood closely and to the whole
 * image as through the corner of an eye, that is, average-pooled; the last stage attends to everything. Between blocks activations are
 * (batch, height, width, channels); inside an attention the tokens come last, so that the work on neighbourhoods runs along them.
 *
 * <p>On images of 32 × 32 the first patch embedding has stride 2 and a kernel of 3: stages of sides 16, 8, 4 and 2, each of which sees 2 × 2 pooled tokens.
 *
 * @param stride of the first patch embedding; its kernel is twice that less one
 * @param pooling by how much each stage shrinks the image for its distant view; 1 attends to all tokens
 * @param weights first values of a matrix by its fan-in
 */
record TransNeXt(
        int stride,
        List<Integer> widths,
        List<Integer> heads,
        List<Integer> mlpRatios,
        List<Integer> depths,
        List<Integer> pooling,
        LongFunction<Initializer> weights) {
    private static final double EPSILON = 1e-6;
    /** Of the norms inside patch embeddings and attentions, which the reference leaves at torch's default. */
    private static final double INNER_EPSILON = 1e-5;

    private static final int NEIGHBOURS = 9;
    private static final int POSITION_HIDDEN = 512;
    private static final Initializer SMALL = Initializer.truncatedNormal(0.02);
    private static final Initializer ZERO = Initializer.constant(0);

    static Backbone of(Backbones.Task task) {
        TransNeXt next = switch (task.size()) {
            case NANO ->
                new TransNeXt(
                        task.imageSize() / 8,
                        List.of(24, 48),
                        List.of(1, 2),
                        List.of(2, 2),
                        List.of(1, 1),
                        List.of(2, 1),
                        Initializer::lecunNormal);
            case CIFAR -> paper(2);
            case PAPER -> paper(4);
        };
        return next.build(task.imageSize(), task.classes(), task.dropPath());
    }

    private static TransNeXt paper(int stride) {
        return new TransNeXt(
                stride,
                List.of(72, 144, 288, 576),
                List.of(3, 6, 12, 24),
                List.of(8, 8, 4, 4),
                List.of(2, 2, 15, 2),
                List.of(8, 4, 2, 1),
                fanIn -> SMALL);
    }

    private Backbone build(int imageSize, int classes, double dropPath) {
        int blocks = depths.stream().mapToInt(Integer::intValue).sum();
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            int in = 3;
            int side = imageSize / stride;
            int before = 0;
            for (int stage = 0; stage < widths.size(); stage++) {
                int width = widths.get(stage);
                Convolution patches = stage == 0
                        ? new Convolution(in, width, 2 * stride - 1, stride, stride - 1)
                        : new Convolution(in, width, 3, 2, 1);
                Scope embedding = root.in("patch_embed" + (stage + 1));
                if (stage > 0) {
                    layers.add((pass, x) -> Layers.channelsFirst(x));
                    side /= 2;
                }
                layers.add(convolution(embedding.in("proj"), patches));
                layers.add((pass, x) -> Layers.channelsLast(x));
                layers.add(Layers.layerNorm(embedding.in("norm"), width, INNER_EPSILON));
                Positions positions = Positions.of(side, side / pooling.get(stage));
                for (int block = 0; block < depths.get(stage); block++) {
                    double rate = Layers.dropPathRate(dropPath, before++, blocks);
                    layers.add(block(
                            root.in("block" + (stage + 1)).in(block),
                            width,
                            heads.get(stage),
                            mlpRatios.get(stage),
                            positions,
                            rate));
                }
                layers.add(Layers.layerNorm(root.in("norm" + (stage + 1)), width, EPSILON));
                in = width;
            }
            layers.add((pass, x) -> Layers.GLOBAL_AVERAGE_POOL.forward(pass, Layers.channelsFirst(x)));
            layers.add(Layers.linear(root.in("head"), in, classes, SMALL, ZERO));
            return Layer.sequence(layers);
        });
    }

    private Layer block(Scope scope, int width, int heads, int mlpRatio, Positions positions, double dropPath) {
        Layer drop = Layers.dropPath(dropPath);
        Layer norm1 = Layers.layerNorm(scope.in("norm1"), width, EPSILON);
        Scope attention = scope.in("attn");
        Layer mixer = positions.side() == positions.poolSide()
                ? fullAttention(attention, width, heads, positions)
                : aggregatedAttention(attention, width, heads, positions);
        Layer branch1 = norm1.then(mixer).then(drop);
        Layer norm2 = Layers.layerNorm(scope.in("norm2"), width, EPSILON);
        Layer branch2 = norm2.then(gatedMlp(scope.in("mlp"), width, width * mlpRatio * 2 / 3))
                .then(drop);
        return (pass, x) -> {
            NDArray y = x.add(branch1.forward(pass, x));
            return y.add(branch2.forward(pass, y));
        };
    }

    /** Convolutional GLU: half of the hidden channels, after a depthwise convolution, gate the other half. */
    private Layer gatedMlp(Scope scope, int width, int inner) {
        Layer fc1 = linear(scope.in("fc1"), width, 2 * inner);
        Layer depthwise = convolution(scope.in("dwconv").in("dwconv"), Convolution.depthwise(inner, 3, 1));
        Layer fc2 = linear(scope.in("fc2"), inner, width);
        return (pass, x) -> {
            NDList halves = fc1.forward(pass, x).split(2, 3);
            NDArray gate = Layers.channelsLast(depthwise.forward(pass, Layers.channelsFirst(halves.get(0))));
            return fc2.forward(pass, Layers.GELU.forward(pass, gate).mul(halves.get(1)));
        };
    }

    /** Attention of all tokens with all, by the cosine of queries and keys. */
    private Layer fullAttention(Scope scope, int width, int heads, Positions positions) {
        int headWidth = width / heads;
        int tokens = positions.side() * positions.side();
        Queries queries = queries(scope, heads, headWidth);
        Layer qkv = linear(scope.in("qkv"), width, 3 * width);
        Layer projection = linear(scope.in("proj"), width, width);
        PositionBias positionBias = positionBias(scope, heads, positions);
        float[] lengths = new float[] {(float) Math.log(tokens)};
        return (pass, x) -> {
            long batch = x.getShape().get(0);
            NDList parts = qkv.forward(pass, x)
                    .reshape(batch, tokens, 3, heads, headWidth)
                    .transpose(2, 0, 3, 4, 1)
                    .split(3);
            NDArray q = unit(parts.get(0).squeeze(0), 2);
            NDArray k = unit(parts.get(1).squeeze(0), 2);
            NDArray v = parts.get(2).squeeze(0);
            NDArray weights = k.swapAxes(2, 3)
                    .matMul(queries.scaled(pass, q, lengths))
                    .add(positionBias.of(pass))
                    .softmax(2);
            return projection.forward(
                    pass,
                    v.matMul(weights)
                            .reshape(batch, width, tokens)
                            .swapAxes(1, 2)
                            .reshape(x.getShape()));
        };
    }

    /** Attention of each token with its neighbours and with the pooled image, under one softmax. */
    private Layer aggregatedAttention(Scope scope, int width, int heads, Positions positions) {
        int headWidth = width / heads;
        int side = positions.side();
        int tokens = side * side;
        int pooled = positions.poolSide() * positions.poolSide();
        Queries queries = queries(scope, heads, headWidth);
        int neighbourBias =
                scope.undecayed("relative_pos_bias_local", Initializer.truncatedNormal(0.0004), heads, NEIGHBOURS);
        int learnedTokens = scope.parameter("learnable_tokens", SMALL, heads, headWidth, NEIGHBOURS);
        int learnedBias = scope.parameter("learnable_bias", ZERO, heads, 1, NEIGHBOURS);
        Layer query = linear(scope.in("q"), width, width);
        Layer keysAndValues = linear(scope.in("kv"), width, 2 * width);
        Layer projection = linear(scope.in("proj"), width, width);
        Layer pool = pool(scope, width, positions);
        PositionBias positionBias = positionBias(scope, heads, positions);
        float[] lengths = positions.logLengths(pooled);
        float[] outside = positions.outside();
        return (pass, x) -> {
            long batch = x.getShape().get(0);
            NDArray q = unit(tokensLast(query.forward(pass, x), batch, heads, headWidth, tokens), 2);
            NDArray scaled = queries.scaled(pass, q, lengths);

            NDList near = tokensLast(keysAndValues.forward(pass, x), batch, 2 * heads, headWidth, tokens)
                    .split(2, 1);
            NDList windows = TorchFunctions.neighbourhoods(
                            unit(near.get(0), 2).concat(near.get(1), 1).reshape(batch, 2L * width, side, side))
                    .reshape(batch, 2L * heads, headWidth, NEIGHBOURS, tokens)
                    .split(2, 1);
            NDArray nearBias = pass.parameter(neighbourBias)
                    .reshape(heads, NEIGHBOURS, 1)
                    .add(Transfer.upload(x, outside, new Shape(NEIGHBOURS, tokens)));
            NDArray nearScores =
                    windows.get(0).mul(scaled.expandDims(3)).sum(new int[] {2}).add(nearBias);

            NDList far = keysAndValues
                    .forward(pass, pool.forward(pass, x))
                    .reshape(batch, pooled, 2, heads, headWidth)
                    .transpose(2, 0, 3, 1, 4)
                    .split(2);
            NDArray farScores = unit(far.get(0).squeeze(0), 3).matMul(scaled).add(positionBias.of(pass));

            NDList weights = nearScores.concat(farScores, 2).softmax(2).split(new long[] {NEIGHBOURS}, 2);
            NDArray nearWeights = pass.parameter(learnedTokens)
                    .swapAxes(1, 2)
                    .matMul(q)
                    .add(pass.parameter(learnedBias).reshape(heads, NEIGHBOURS, 1))
                    .add(weights.get(0));
            NDArray fromNear = windows.get(1).mul(nearWeights.expandDims(2)).sum(new int[] {3});
            NDArray fromFar = far.get(1).squeeze(0).swapAxes(2, 3).matMul(weights.get(1));
            return projection.forward(
                    pass,
                    fromNear.add(fromFar)
                            .reshape(batch, width, tokens)
                            .swapAxes(1, 2)
                            .reshape(x.getShape()));
        };
    }

    /** The image as the corner of an eye sees it: (batch, height, width, channels) → (batch, pooled tokens, channels). */
    private static Layer pool(Scope scope, int width, Positions positions) {
        int weight = scope.in("sr").parameter("weight", convolutionInitializer(width, 1, 1), width, width, 1, 1);
        int bias = scope.in("sr").parameter("bias", ZERO, width);
        Layer norm = Layers.layerNorm(scope.in("norm"), width, INNER_EPSILON);
        int shrinking = positions.side() / positions.poolSide();
        Shape window = new Shape(shrinking, shrinking);
        return (pass, x) -> {
            NDArray y = Layers.GELU.forward(
                    pass,
                    Linear.linear(x, pass.parameter(weight).reshape(width, width), pass.parameter(bias))
                            .head());
            NDArray means = Pool.avgPool2d(Layers.channelsFirst(y), window, window, new Shape(0, 0), false, true);
            return norm.forward(
                    pass,
                    Layers.channelsLast(means)
                            .reshape(x.getShape().get(0), (long) positions.poolSide() * positions.poolSide(), width));
        };
    }

    /** Queries of length one get a learned embedding, a learned temperature and the logarithm of how many keys they meet. */
    private record Queries(int temperature, int embedding, int headWidth) {
        /**
         * @param q (batch, heads, width of a head, tokens)
         * @param lengths one per token or one for all
         */
        NDArray scaled(Pass pass, NDArray q, float[] lengths) {
            NDArray factor = Activation.softPlus(pass.parameter(temperature))
                    .mul(Transfer.upload(q, lengths, new Shape(1, 1, lengths.length)));
            return q.add(pass.parameter(embedding).swapAxes(1, 2)).mul(factor);
        }
    }

    private static Queries queries(Scope scope, int heads, int headWidth) {
        // softplus of this is 1 / 0.24.
        double start = Math.log(Math.exp(1 / 0.24) - 1);
        return new Queries(
                scope.undecayed("temperature", Initializer.constant(start), heads, 1, 1),
                scope.undecayed("query_embedding", SMALL, heads, 1, headWidth),
                headWidth);
    }

    /** A small network that makes the bias of a pair of tokens from their distance. */
    private record PositionBias(int weight1, int bias1, int weight2, int bias2, int heads, Positions positions) {
        /** (heads, keys, queries). */
        NDArray of(Pass pass) {
            NDArray parameter = pass.parameter(weight1);
            NDArray distances = Transfer.upload(
                            parameter, positions.table(), new Shape(positions.table().length / 2, 2))
                    .toType(parameter.getDataType(), false);
            NDArray hidden = Activation.relu(
                    Linear.linear(distances, parameter, pass.parameter(bias1)).head());
            // By a matrix product with the heads as rows: what is gathered for a head then lies together.
            NDArray perHead = pass.parameter(weight2)
                    .matMul(hidden.swapAxes(0, 1))
                    .add(pass.parameter(bias2).reshape(heads, 1));
            long pairs = positions.index().length;
            NDArray index = Transfer.upload(parameter, positions.index(), new Shape(1, pairs))
                    .broadcast(new Shape(heads, pairs));
            return perHead.gather(index, 1).reshape(heads, pairs / positions.queries(), positions.queries());
        }
    }

    private static PositionBias positionBias(Scope scope, int heads, Positions positions) {
        Scope fc1 = scope.in("cpb_fc1");
        Scope fc2 = scope.in("cpb_fc2");
        return new PositionBias(
                fc1.undecayed("weight", SMALL, POSITION_HIDDEN, 2),
                fc1.parameter("bias", ZERO, POSITION_HIDDEN),
                fc2.undecayed("weight", SMALL, heads, POSITION_HIDDEN),
                fc2.parameter("bias", ZERO, heads),
                heads,
                positions);
    }

    /**
     * Where tokens and pooled tokens are.
     *
     * @param table each distance there is between a pooled token and a token, down and right, on a logarithmic scale
     * @param index the row of the table for each pair of a pooled token and a token
     */
    private record Positions(int side, int poolSide, float[] table, long[] index) {
        static Positions of(int side, int poolSide) {
            int step = side / poolSide;
            // In half tokens all distances along an axis are whole: 2 i − (2 j step + step − 1), and those to one
            // pooled token differ by two.
            int[] column = new int[side * poolSide];
            List<Integer> distances = new ArrayList<>();
            for (int j = 0; j < poolSide; j++) {
                for (int i = 0; i < side; i++) {
                    column[j * side + i] = 2 * i - (2 * j * step + step - 1);
                    distances.add(column[j * side + i]);
                }
            }
            List<Integer> distinct = distances.stream().distinct().sorted().toList();
            int n = distinct.size();
            float[] table = new float[2 * n * n];
            for (int row = 0; row < n; row++) {
                for (int col = 0; col < n; col++) {
                    table[2 * (row * n + col)] = logarithmic(distinct.get(row), side);
                    table[2 * (row * n + col) + 1] = logarithmic(distinct.get(col), side);
                }
            }
            long[] along = new long[column.length];
            for (int i = 0; i < along.length; i++) {
                along[i] = distinct.indexOf(column[i]);
            }
            int tokens = side * side;
            long[] index = new long[poolSide * poolSide * tokens];
            for (int p = 0; p < poolSide * poolSide; p++) {
                for (int t = 0; t < tokens; t++) {
                    long row = along[p / poolSide * side + t / side];
                    long col = along[p % poolSide * side + t % side];
                    index[p * tokens + t] = row * n + col;
                }
            }
            return new Positions(side, poolSide, table, index);
        }

        /** sign(d) log₈(1 + |d|) of the distance as a share of eight times the side. */
        private static float logarithmic(int halfTokens, int side) {
            double distance = side == 1 ? 0 : halfTokens / 2.0 / (side - 1) * 8;
            return (float) (Math.signum(distance) * Math.log(1 + Math.abs(distance)) / Math.log(8));
        }

        int queries() {
            return side * side;
        }

        /** −∞ for each neighbour, row by row, that a token lacks: (9, tokens). */
        float[] outside() {
            float[] outside = new float[NEIGHBOURS * queries()];
            for (int n = 0; n < NEIGHBOURS; n++) {
                for (int t = 0; t < queries(); t++) {
                    int row = t / side + n / 3 - 1;
                    int col = t % side + n % 3 - 1;
                    boolean inside = row >= 0 && row < side && col >= 0 && col < side;
                    outside[n * queries() + t] = inside ? 0 : Float.NEGATIVE_INFINITY;
                }
            }
            return outside;
        }

        /** For each token the logarithm of how many keys it meets. */
        float[] logLengths(int pooled) {
            float[] outside = outside();
            float[] lengths = new float[queries()];
            for (int t = 0; t < lengths.length; t++) {
                int neighbours = 0;
                for (int n = 0; n < NEIGHBOURS; n++) {
                    neighbours += outside[n * queries() + t] == 0 ? 1 : 0;
                }
                lengths[t] = (float) Math.log(neighbours + pooled);
            }
            return lengths;
        }
    }

    /** Each vector along an axis at length one. */
    private static NDArray unit(NDArray x, int axis) {
        return x.normalize(2, axis, 1e-12);
    }

    /** (batch, height, width, heads · headWidth) → (batch, heads, headWidth, tokens). */
    private static NDArray tokensLast(NDArray x, long batch, int heads, int headWidth, int tokens) {
        return TorchFunctions.contiguous(
                        x.reshape(batch, tokens, (long) heads * headWidth).swapAxes(1, 2))
                .reshape(batch, heads, headWidth, tokens);
    }

    private Layer linear(Scope scope, int in, int out) {
        return Layers.linear(scope, in, out, weights.apply(in), ZERO);
    }

    /** He et al. 2015 over what each output pixel passes back to. */
    private static Initializer convolutionInitializer(int out, int kernel, int groups) {
        return Initializer.kaimingNormal((long) out * kernel * kernel / groups);
    }

    private static Layer convolution(Scope scope, Convolution convolution) {
        return convolution.layer(
                scope, convolutionInitializer(convolution.out(), convolution.kernel(), convolution.groups()), ZERO);
    }
}
