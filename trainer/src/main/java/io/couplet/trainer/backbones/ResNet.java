package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * ResNet (He et al. 2016, arXiv:1512.03385), with the stride of a bottleneck in its 3 × 3 convolution as torchvision and timm have it. The last norm of each
 * branch starts at zero.
 *
 * <p>For 32 × 32 images the stem is a 3 × 3 convolution without stride, and without the pool, as in OpenMixup's {@code ResNet_CIFAR}.
 *
 * @param widths of the stages, before the bottleneck's expansion
 * @param bottleneck three convolutions (1, 3, 1; four times as wide at the end) where the basic block has two (3, 3)
 * @param dropPath of stochastic depth at the last block
 */
record ResNet(
        int stemWidth,
        int stemKernel,
        int stemStride,
        boolean stemPool,
        List<Integer> widths,
        List<Integer> depths,
        boolean bottleneck,
        double dropPath) {

    static Backbone resNet50(Backbones.Task task) {
        return task.size() == Backbones.Size.NANO
                ? nano(task, List.of(1, 1, 1), false)
                : full(task, List.of(3, 4, 6, 3));
    }

    static Backbone resNet101(Backbones.Task task) {
        return task.size() == Backbones.Size.NANO
                ? nano(task, List.of(1, 1, 2), true)
                : full(task, List.of(3, 4, 23, 3));
    }

    private static Backbone full(Backbones.Task task, List<Integer> depths) {
        boolean large = task.size() == Backbones.Size.PAPER;
        List<Integer> widths = List.of(64, 128, 256, 512);
        return new ResNet(64, large ? 7 : 3, large ? 2 : 1, large, widths, depths, true, task.dropPath())
                .build(task.classes());
    }

    private static Backbone nano(Backbones.Task task, List<Integer> depths, boolean bottleneck) {
        List<Integer> widths = bottleneck ? List.of(8, 16, 32) : List.of(16, 32, 64);
        return new ResNet(16, 3, 2, false, widths, depths, bottleneck, task.dropPath()).build(task.classes());
    }

    private Backbone build(int classes) {
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            layers.add(convolution(root.in("conv1"), 3, stemWidth, stemKernel, stemStride));
            layers.add(Layers.batchNorm(root.in("bn1"), stemWidth));
            layers.add(Layers.RELU);
            if (stemPool) {
                layers.add(Layers.maxPool(3, 2, 1));
            }
            int blocks = depths.stream().mapToInt(Integer::intValue).sum();
            int index = 0;
            int in = stemWidth;
            for (int stage = 0; stage < widths.size(); stage++) {
                int out = widths.get(stage) * (bottleneck ? 4 : 1);
                for (int block = 0; block < depths.get(stage); block++) {
                    Scope scope = root.in("layer" + (stage + 1)).in(block);
                    int stride = block == 0 && stage > 0 ? 2 : 1;
                    double rate = Layers.dropPathRate(dropPath, index, blocks);
                    layers.add(residual(scope, in, widths.get(stage), out, stride, rate));
                    in = out;
                    index++;
                }
            }
            layers.add(Layers.GLOBAL_AVERAGE_POOL);
            Initializer initializer = Initializer.torchDefault(in);
            layers.add(Layers.linear(root.in("fc"), in, classes, initializer, initializer));
            return Layer.sequence(layers);
        });
    }

    private Layer residual(Scope scope, int in, int width, int out, int stride, double dropPath) {
        Layer branch = (bottleneck ? bottleneck(scope, in, width, out, stride) : basic(scope, in, width, stride))
                .then(Layers.dropPath(dropPath));
        Layer shortcut = Layers.IDENTITY;
        if (stride != 1 || in != out) {
            Scope downsample = scope.in("downsample");
            shortcut = convolution(downsample.in(0), in, out, 1, stride).then(Layers.batchNorm(downsample.in(1), out));
        }
        Layer onShortcut = shortcut;
        return (pass, x) -> {
            NDArray y = branch.forward(pass, x);
            return Activation.relu(y.add(onShortcut.forward(pass, x)));
        };
    }

    private static Layer basic(Scope scope, int in, int width, int stride) {
        return convolution(scope.in("conv1"), in, width, 3, stride)
                .then(Layers.batchNorm(scope.in("bn1"), width))
                .then(Layers.RELU)
                .then(convolution(scope.in("conv2"), width, width, 3, 1))
                .then(Layers.batchNorm(scope.in("bn2"), width, 0));
    }

    private static Layer bottleneck(Scope scope, int in, int width, int out, int stride) {
        return convolution(scope.in("conv1"), in, width, 1, 1)
                .then(Layers.batchNorm(scope.in("bn1"), width))
                .then(Layers.RELU)
                .then(convolution(scope.in("conv2"), width, width, 3, stride))
                .then(Layers.batchNorm(scope.in("bn2"), width))
                .then(Layers.RELU)
                .then(convolution(scope.in("conv3"), width, out, 1, 1))
                .then(Layers.batchNorm(scope.in("bn3"), out, 0));
    }

    private static Layer convolution(Scope scope, int in, int out, int kernel, int stride) {
        Convolution convolution = new Convolution(in, out, kernel, stride, kernel / 2).withoutBias();
        return convolution.layer(scope, Initializer.kaimingNormal(convolution.fanOut()), Initializer.constant(0));
    }
}
