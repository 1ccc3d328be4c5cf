package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * RepVGG (Ding et al. 2021, arXiv:2101.03697) as it is trained: a block is the sum of a 3 × 3 convolution, a 1 × 1 convolution and, where the shape allows it, the input, each with a batch norm of
 * its own. The norms begin at Gaussians around 0.1 and 0, as timm's.
 *
 * <p>For 32 × 32 images the stem and the first stage keep the size.
 *
 * @param stemStride of the stem
 * @param firstStride of the first stage; the others halve the size
 */
record RepVgg(
        int stemWidth, int stemStride, int firstStride, List<Integer> widths, List<Integer> depths, double dropPath) {

    static Backbone of(Backbones.Task task) {
        RepVgg net = switch (task.size()) {
            case NANO -> new RepVgg(16, 2, 1, List.of(16, 32, 64), List.of(1, 2, 1), task.dropPath());
            case CIFAR -> paper(1, task.dropPath());
            case PAPER -> paper(2, task.dropPath());
        };
        return net.build(task.size() != Backbones.Size.NANO, task.classes());
    }

    private static RepVgg paper(int early, double dropPath) {
        return new RepVgg(64, early, early, List.of(64, 128, 256, 1280), List.of(2, 4, 14, 1), dropPath);
    }

    private Backbone build(boolean wide, int classes) {
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            layers.add(wide ? Layers.BY_CHANNEL : Layers.IDENTITY);
            layers.add(block(root.in("stem"), 3, stemWidth, stemStride, 0));
            int blocks = depths.stream().mapToInt(Integer::intValue).sum();
            int index = 0;
            int in = stemWidth;
            for (int stage = 0; stage < widths.size(); stage++) {
                int out = widths.get(stage);
                for (int block = 0; block < depths.get(stage); block++) {
                    int stride = block > 0 ? 1 : stage == 0 ? firstStride : 2;
                    layers.add(block(
                            root.in("stages").in(stage).in(block),
                            in,
                            out,
                            stride,
                            Layers.dropPathRate(dropPath, index, blocks)));
                    in = out;
                    index++;
                }
            }
            layers.add(Layers.GLOBAL_AVERAGE_POOL);
            layers.add(
                    Layers.linear(root.in("head.fc"), in, classes, Initializer.normal(0.01), Initializer.constant(0)));
            return Layer.sequence(layers);
        });
    }

    /** Stochastic depth may leave out the two convolutions where the input is there to go on. */
    private static Layer block(Scope scope, int in, int out, int stride, double dropPath) {
        if (in != out || stride != 1) {
            return convolutions(scope, in, out, stride).then(Layers.RELU);
        }
        Layer identity = norm(scope.in("identity"), out);
        Layer branch = convolutions(scope, in, out, 1).then(Layers.dropPath(dropPath));
        return (pass, x) -> Activation.relu(branch.forward(pass, x).add(identity.forward(pass, x)));
    }

    private static Layer convolutions(Scope scope, int in, int out, int stride) {
        Layer wide = convolution(scope.in("conv_kxk"), new Convolution(in, out, 3, stride, 1));
        Layer narrow = convolution(scope.in("conv_1x1"), new Convolution(in, out, 1, stride, 0));
        return (pass, x) -> {
            NDArray y = narrow.forward(pass, x);
            return y.add(wide.forward(pass, x));
        };
    }

    private static Layer convolution(Scope scope, Convolution convolution) {
        return convolution
                .withoutBias()
                .layer(scope.in("conv"), Initializer.kaimingNormal(convolution.fanOut()), Initializer.constant(0))
                .then(norm(scope.in("bn"), convolution.out()));
    }

    private static Layer norm(Scope scope, int channels) {
        Initializer noise = Initializer.normal(0.1);
        return Layers.batchNorm(scope, channels, random -> 0.1f + noise.next(random), noise);
    }
}
