package io.couplet.trainer.backbones;

import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.List;

/**
 * AlexNet in torchvision's one-column form (Krizhevsky 2014, arXiv:1404.5997): five convolutions without any normalisation, then three linear layers.
 *
 * <p>For 32 × 32 images the first convolution is 3 × 3 without stride, and the feature map is pooled to 4 × 4.
 *
 * @param channels of the five convolutions
 * @param pooled height and width before the linear layers
 */
record AlexNet(
        List<Integer> channels,
        int stemKernel,
        int stemStride,
        int stemPadding,
        int poolPadding,
        int pooled,
        int hidden,
        double dropout) {

    static Backbone of(Backbones.Task task) {
        AlexNet net = switch (task.size()) {
            case NANO -> new AlexNet(List.of(24, 48, 64, 48, 48), 5, 2, 2, 1, task.imageSize() / 16, 128, 0);
            case CIFAR -> new AlexNet(List.of(64, 192, 384, 256, 256), 3, 1, 1, 1, 4, 4096, 0.5);
            case PAPER -> new AlexNet(List.of(64, 192, 384, 256, 256), 11, 4, 2, 0, 6, 4096, 0.5);
        };
        return net.build(task.classes());
    }

    private Backbone build(int classes) {
        return Network.of(root -> {
            Scope features = root.in("features");
            Scope classifier = root.in("classifier");
            Layer pool = Layers.maxPool(3, 2, poolPadding);
            int flat = channels.get(4) * pooled * pooled;
            return Layer.sequence(List.of(
                    convolution(features.in(0), 3, channels.get(0), stemKernel, stemStride, stemPadding),
                    pool,
                    convolution(features.in(3), channels.get(0), channels.get(1), 5, 1, 2),
                    pool,
                    convolution(features.in(6), channels.get(1), channels.get(2), 3, 1, 1),
                    convolution(features.in(8), channels.get(2), channels.get(3), 3, 1, 1),
                    convolution(features.in(10), channels.get(3), channels.get(4), 3, 1, 1),
                    pool,
                    Layers.averagePoolTo(pooled),
                    Layers.FLATTEN,
                    Layers.dropout(dropout),
                    linear(classifier.in(1), flat, hidden),
                    Layers.RELU,
                    Layers.dropout(dropout),
                    linear(classifier.in(4), hidden, hidden),
                    Layers.RELU,
                    linear(classifier.in(6), hidden, classes)));
        });
    }

    private static Layer convolution(Scope scope, int in, int out, int kernel, int stride, int padding) {
        Convolution convolution = new Convolution(in, out, kernel, stride, padding);
        Initializer initializer = Initializer.torchDefault(convolution.fanIn());
        return convolution.layer(scope, initializer, initializer).then(Layers.RELU);
    }

    private static Layer linear(Scope scope, int in, int out) {
        Initializer initializer = Initializer.torchDefault(in);
        return Layers.linear(scope, in, out, initializer, initializer);
    }
}
