package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.pooling.Pool;
import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * DenseNet-BC (Huang et al. 2017, arXiv:1608.06993): every layer sees the channels of all layers of its block before it. There is no branch that could be skipped, so stochastic depth does
 * nothing here.
 *
 * <p>For 32 × 32 images the stem is a 3 × 3 convolution without stride, and without the pool, as in OpenMixup's {@code DenseNet_CIFAR}.
 *
 * @param growth channels that each layer adds
 * @param bottleneck width of the 1 × 1 convolution in a layer, as a multiple of the growth
 */
record DenseNet(int stemKernel, int stemStride, boolean stemPool, int growth, int bottleneck, List<Integer> depths) {

    static Backbone of(Backbones.Task task) {
        DenseNet net = switch (task.size()) {
            case NANO -> new DenseNet(3, 2, false, 8, 2, List.of(2, 2, 2));
            case CIFAR -> new DenseNet(3, 1, false, 32, 4, List.of(6, 12, 24, 16));
            case PAPER -> new DenseNet(7, 2, true, 32, 4, List.of(6, 12, 24, 16));
        };
        return net.build(task.classes());
    }

    private Backbone build(int classes) {
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            Scope features = root.in("features");
            int width = 2 * growth;
            layers.add(convolution(
                    features.in("conv0"), new Convolution(3, width, stemKernel, stemStride, stemKernel / 2)));
            layers.add(Layers.batchNorm(features.in("norm0"), width));
            layers.add(Layers.RELU);
            if (stemPool) {
                layers.add(Layers.maxPool(3, 2, 1));
            }
            for (int block = 1; block <= depths.size(); block++) {
                Scope scope = features.in("denseblock" + block);
                for (int layer = 1; layer <= depths.get(block - 1); layer++) {
                    layers.add(dense(scope.in("denselayer" + layer), width));
                    width += growth;
                }
                if (block < depths.size()) {
                    layers.add(transition(features.in("transition" + block), width));
                    width /= 2;
                }
            }
            layers.add(Layers.batchNorm(features.in("norm5"), width));
            layers.add(Layers.RELU);
            layers.add(Layers.GLOBAL_AVERAGE_POOL);
            layers.add(Layers.linear(
                    root.in("classifier"), width, classes, Initializer.torchDefault(width), Initializer.constant(0)));
            return Layer.sequence(layers);
        });
    }

    private Layer dense(Scope scope, int in) {
        int between = bottleneck * growth;
        Layer added = Layers.batchNorm(scope.in("norm1"), in)
                .then(Layers.RELU)
                .then(convolution(scope.in("conv1"), Convolution.pointwise(in, between)))
                .then(Layers.batchNorm(scope.in("norm2"), between))
                .then(Layers.RELU)
                .then(convolution(scope.in("conv2"), new Convolution(between, growth, 3, 1, 1)));
        return (pass, x) -> x.concat(added.forward(pass, x), 1);
    }

    private static Layer transition(Scope scope, int in) {
        return Layers.batchNorm(scope.in("norm"), in)
                .then(Layers.RELU)
                .then(convolution(scope.in("conv"), Convolution.pointwise(in, in / 2)))
                .then(DenseNet::halve);
    }

    private static NDArray halve(Pass pass, NDArray x) {
        Shape window = new Shape(2, 2);
        return Pool.avgPool2d(x, window, window, new Shape(0, 0), false, true);
    }

    private static Layer convolution(Scope scope, Convolution convolution) {
        return convolution
                .withoutBias()
                .layer(scope, Initializer.kaimingNormal(convolution.fanIn()), Initializer.constant(0));
    }
}
