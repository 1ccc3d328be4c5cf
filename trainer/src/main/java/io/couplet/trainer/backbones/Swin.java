package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import io.couplet.trainer.torch.Transfer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/**
 * Swin transformer (Liu et al. 2021, arXiv:2103.14030): attention within windows, and in every other block within windows that are shifted by half. Activations
 * are (batch, height, width, channels).
 *
 * <p>On images of 32 × 32 patches of 2 and windows of 4, so that the stages have sides of 16, 8, 4 and 2 and the first two still have windows to shift.
 *
 * @param window side of a window in tokens; where the image is no larger, the window is the image and nothing is shifted
 * @param heads of each stage
 * @param weights first values of a matrix by its fan-in
 */
record Swin(
        int patch,
        int width,
        List<Integer> depths,
        List<Integer> heads,
        int window,
        LongFunction<Initializer> weights) {
    private static final double EPSILON = 1e-5;
    private static final int MLP_RATIO = 4;
    private static final Initializer SMALL = Initializer.truncatedNormal(0.02);
    private static final Initializer ZERO = Initializer.constant(0);

    static Backbone of(Backbones.Task task) {
        Swin swin = switch (task.size()) {
            case NANO -> new Swin(task.imageSize() / 8, 32, List.of(2, 1), List.of(2, 4), 4, Initializer::lecunNormal);
            case CIFAR -> new Swin(2, 96, List.of(2, 2, 6, 2), List.of(3, 6, 12, 24), 4, fanIn -> SMALL);
            case PAPER -> new Swin(4, 96, List.of(2, 2, 6, 2), List.of(3, 6, 12, 24), 7, fanIn -> SMALL);
        };
        return swin.build(task.imageSize(), task.classes(), task.dropPath());
    }

    private Backbone build(int imageSize, int classes, double dropPath) {
        int blocks = depths.stream().mapToInt(Integer::intValue).sum();
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            Scope embedding = root.in("patch_embed");
            Convolution patches = new Convolution(3, width, patch, patch, 0);
            Initializer patchInitializer = Initializer.torchDefault(patches.fanIn());
            layers.add(patches.layer(embedding.in("proj"), patchInitializer, patchInitializer));
            layers.add((pass, x) -> Layers.channelsLast(x));
            layers.add(Layers.layerNorm(embedding.in("norm"), width, EPSILON));
            int channels = width;
            int side = imageSize / patch;
            int before = 0;
            for (int stage = 0; stage < depths.size(); stage++) {
                Scope scope = root.in("layers").in(stage);
                if (stage > 0) {
                    layers.add(merging(scope.in("downsample"), channels));
                    channels *= 2;
                    side = (side + 1) / 2;
                }
                for (int block = 0; block < depths.get(stage); block++) {
                    Grid grid = Grid.of(side, window, block % 2 == 1);
                    double rate = Layers.dropPathRate(dropPath, before++, blocks);
                    layers.add(block(scope.in("blocks").in(block), channels, heads.get(stage), grid, rate));
                }
            }
            layers.add(Layers.layerNorm(root.in("norm"), channels, EPSILON));
            layers.add((pass, x) -> Layers.GLOBAL_AVERAGE_POOL.forward(pass, Layers.channelsFirst(x)));
            layers.add(Layers.linear(root.in("head").in("fc"), channels, classes, SMALL, ZERO));
            return Layer.sequence(layers);
        });
    }

    private Layer block(Scope scope, int width, int heads, Grid grid, double dropPath) {
        Layer drop = Layers.dropPath(dropPath);
        Layer attention = Layers.layerNorm(scope.in("norm1"), width, EPSILON)
                .then(windows(scope.in("attn"), width, heads, grid))
                .then(drop);
        Layer norm2 = Layers.layerNorm(scope.in("norm2"), width, EPSILON);
        Scope mlp = scope.in("mlp");
        Layer perToken = norm2.then(Layers.linear(mlp.in("fc1"), width, MLP_RATIO * width, weights.apply(width), ZERO))
                .then(Layers.GELU)
                .then(Layers.linear(
                        mlp.in("fc2"), MLP_RATIO * width, width, weights.apply((long) MLP_RATIO * width), ZERO))
                .then(drop);
        return (pass, x) -> {
            NDArray y = x.add(attention.forward(pass, x));
            return y.add(perToken.forward(pass, y));
        };
    }

    /** Two by two tokens become one of twice the width; an odd side is filled up with zeros. */
    private Layer merging(Scope scope, int width) {
        Layer norm = Layers.layerNorm(scope.in("norm"), 4 * width, EPSILON);
        int reduction = scope.in("reduction").parameter("weight", weights.apply(4L * width), 2L * width, 4L * width);
        return (pass, x) -> {
            long side = x.getShape().get(1) + x.getShape().get(1) % 2;
            NDArray quads = padded(x, side)
                    .reshape(x.getShape().get(0), side / 2, 2, side / 2, 2, width)
                    .transpose(0, 1, 3, 4, 2, 5)
                    .reshape(x.getShape().get(0), side / 2, side / 2, 4L * width);
            return Linear.linear(norm.forward(pass, quads), pass.parameter(reduction), null)
                    .head();
        };
    }

    /**
     * How the tokens of a stage are cut into windows.
     *
     * @param side of the image in tokens
     * @param window side of a window
     * @param shift by which the image is rolled before it is cut
     */
    private record Grid(int side, int window, int shift) {
        static Grid of(int side, int window, boolean shifted) {
            return side <= window ? new Grid(side, side, 0) : new Grid(side, window, shifted ? window / 2 : 0);
        }

        /** Windows along a side, the last one perhaps only partly within the image. */
        int windows() {
            return (side + window - 1) / window;
        }

        int paddedSide() {
            return windows() * window;
        }

        int area() {
            return window * window;
        }

        /** For each pair of tokens of a window the row of the table with the bias of their offset. */
        long[] offsets() {
            long[] rows = new long[area() * area()];
            for (int i = 0; i < area(); i++) {
                for (int j = 0; j < area(); j++) {
                    int down = i / window - j / window + window - 1;
                    int right = i % window - j % window + window - 1;
                    rows[i * area() + j] = (long) down * (2 * window - 1) + right;
                }
            }
            return rows;
        }

        /** −100 for each pair of tokens that only the rolling has brought into one window, else zero: (windows², area, area). */
        float[] mask() {
            float[] mask = new float[windows() * windows() * area() * area()];
            int at = 0;
            for (int w = 0; w < windows() * windows(); w++) {
                for (int i = 0; i < area(); i++) {
                    for (int j = 0; j < area(); j++) {
                        mask[at++] = region(w, i) == region(w, j) ? 0 : -100;
                    }
                }
            }
            return mask;
        }

        private int region(int w, int token) {
            return 3 * band(w / windows() * window + token / window) + band(w % windows() * window + token % window);
        }

        /** Bodies of tokens that belong together along a side: what no roll touches, what it moves, what it brings from the other end. */
        private int band(int position) {
            return position < paddedSide() - window ? 0 : position < paddedSide() - shift ? 1 : 2;
        }
    }

    /**
     * Attention within windows. Queries, keys and values are made before the image is cut, and the answers projected after it is whole again: so the cutting
     * rides on the copies that separate the heads.
     */
    private Layer windows(Scope scope, int width, int heads, Grid grid) {
        long tableRows = (long) (2 * grid.window() - 1) * (2 * grid.window() - 1);
        int table = scope.undecayed("relative_position_bias_table", SMALL, tableRows, heads);
        Layer qkv = Layers.linear(scope.in("qkv"), width, 3 * width, weights.apply(width), ZERO);
        Layer projection = Layers.linear(scope.in("proj"), width, width, weights.apply(width), ZERO);
        long[] offsets = grid.offsets();
        float[] mask = grid.mask();
        int area = grid.area();
        int across = grid.windows();
        int headWidth = width / heads;
        double scale = 1 / Math.sqrt(headWidth);
        return (pass, x) -> {
            long batch = x.getShape().get(0);
            long cut = batch * across * across * heads;
            NDList parts = qkv.forward(pass, padded(rolled(x, grid.shift()), grid.paddedSide()))
                    .reshape(batch, across, grid.window(), across, grid.window(), 3, heads, headWidth)
                    .transpose(5, 0, 1, 3, 6, 2, 4, 7)
                    .reshape(3, cut, area, headWidth)
                    .split(3);
            NDArray q = parts.get(0).squeeze(0);
            NDArray k = parts.get(1).squeeze(0);
            NDArray v = parts.get(2).squeeze(0);
            NDArray bias = bias(pass.parameter(table), offsets, area, heads);
            if (grid.shift() > 0) {
                bias = Transfer.upload(x, mask, new Shape((long) across * across, 1, area, area))
                        .add(bias);
            }
            Shape perWindow = grid.shift() > 0
                    ? new Shape(batch, (long) across * across, heads, area, area)
                    : new Shape(batch * across * across, heads, area, area);
            NDArray weights = q.mul(TorchFunctions.scalar(scale))
                    .batchMatMul(k.swapAxes(1, 2))
                    .reshape(perWindow)
                    .add(bias)
                    .softmax(-1)
                    .reshape(cut, area, area);
            NDArray whole = weights.batchMatMul(v)
                    .reshape(batch, across, across, heads, grid.window(), grid.window(), headWidth)
                    .transpose(0, 1, 4, 2, 5, 3, 6)
                    .reshape(batch, grid.paddedSide(), grid.paddedSide(), width);
            return rolled(projection.forward(pass, cropped(whole, grid.side())), -grid.shift());
        };
    }

    /** The learned bias of each pair of tokens, (heads, area, area). */
    private static NDArray bias(NDArray table, long[] offsets, int area, int heads) {
        long pairs = (long) area * area;
        NDArray rows = Transfer.upload(table, offsets, new Shape(pairs, 1)).broadcast(new Shape(pairs, heads));
        return table.gather(rows, 0).transpose(1, 0).reshape(heads, area, area);
    }

    /** Moves the image up and left by {@code shift}, what leaves it coming back on the other side. */
    private static NDArray rolled(NDArray x, int shift) {
        if (shift == 0) {
            return x;
        }
        NDArray y = x;
        for (int axis = 1; axis <= 2; axis++) {
            long at = Math.floorMod(shift, y.getShape().get(axis));
            NDList parts = y.split(new long[] {at}, axis);
            y = NDArrays.concat(new NDList(parts.get(1), parts.get(0)), axis);
        }
        return y;
    }

    /** Zeros below and to the right. */
    private static NDArray padded(NDArray x, long side) {
        NDArray y = x;
        for (int axis = 1; axis <= 2; axis++) {
            long missing = side - y.getShape().get(axis);
            if (missing > 0) {
                long[] shape = y.getShape().getShape().clone();
                shape[axis] = missing;
                y = y.concat(y.getManager().zeros(new Shape(shape), y.getDataType()), axis);
            }
        }
        return y;
    }

    private static NDArray cropped(NDArray x, int side) {
        if (x.getShape().get(1) == side) {
            return x;
        }
        return x.split(new long[] {side}, 1).get(0).split(new long[] {side}, 2).get(0);
    }
}
