package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * ConvNeXt (Liu et al. 2022, arXiv:2201.03545). Each branch is scaled by a vector that starts at 1e-6, so the blocks come to life only as that vector grows.
 *
 * @param kernel of the depthwise convolutions
 */
record ConvNeXt(int patch, List<Integer> widths, List<Integer> depths, int kernel, double layerScale) {
    private static final double EPSILON = 1e-6;

    static Backbone of(Backbones.Task task) {
        return switch (task.size()) {
            case NANO -> nano(task.imageSize(), task.classes());
            case CIFAR, PAPER -> paper(task.imageSize(), task.classes());
        };
    }

    private static Backbone paper(int imageSize, int classes) {
        return new ConvNeXt(4, List.of(96, 192, 384, 768), List.of(3, 3, 9, 3), 7, 1e-6).build(classes);
    }

    private static Backbone nano(int imageSize, int classes) {
        return new ConvNeXt(imageSize / 8, List.of(32, 64), List.of(2, 2), 5, 1e-6).build(classes);
    }

    private Backbone build(int classes) {
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            layers.add(convolution(root.in("stem").in(0), new Convolution(3, widths.get(0), patch, patch, 0)));
            layers.add(Layers.layerNorm2d(root.in("stem").in(1), widths.get(0), EPSILON));
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
                    layers.add(block(scope.in("blocks").in(block), out));
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

    private Layer block(Scope scope, int width) {
        int gamma = scope.parameter("gamma", Initializer.constant(layerScale), width);
        Layer depthwise = convolution(scope.in("conv_dw"), Convolution.depthwise(width, kernel, 1));
        Layer norm = Layers.layerNorm(scope.in("norm"), width, EPSILON);
        Layer mlp = linear(scope.in("mlp").in("fc1"), width, 4 * width)
                .then(Layers.GELU)
                .then(linear(scope.in("mlp").in("fc2"), 4 * width, width));
        return (pass, x) -> {
            NDArray y = Layers.channelsLast(depthwise.forward(pass, x));
            y = mlp.forward(pass, norm.forward(pass, y)).mul(pass.parameter(gamma));
            return x.add(Layers.channelsFirst(y));
        };
    }

    private static Layer convolution(Scope scope, Convolution convolution) {
        return convolution.layer(scope, Initializer.truncatedNormal(0.02), Initializer.constant(0));
    }

    private static Layer linear(Scope scope, int in, int out) {
        return Layers.linear(scope, in, out, Initializer.truncatedNormal(0.02), Initializer.constant(0));
    }
}
