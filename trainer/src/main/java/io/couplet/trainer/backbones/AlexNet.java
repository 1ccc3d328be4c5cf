package io.couplet.trainer.backbones;

import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.List;

/**
 * AlexNet in torchvision's one-column form (Krizhevsky 2014, arXiv:1404.5997): five convolutions without any normalisation, then three linear layers.
 *
 * <p>For 32 × 32 images the first convolution is 3 × 3 without stride, and the feature map is pooled to 4 × 4.
 *
 * <p>Torch's first values let the signal fade: each layer passes on a sixth of the variance. A run of many epochs gets over that, a short one does not, so the nano size begins with He's (2015), which
 * keep it.
 *
 * @param channels of the five convolutions
 * @param pooled height and width before the linear layers
 * @param keepsVariance whether the weights begin at He's values instead of torch's
 */
record AlexNet(
        List<Integer> channels,
        int stemKernel,
        int stemStride,
        int stemPadding,
        int poolPadding,
        int pooled,
        int hidden,
        double dropout,
        boolean keepsVariance) {

    static Backbone of(Backbones.Task task) {
        AlexNet net = switch (task.size()) {
            case NANO -> new AlexNet(List.of(24, 48, 64, 48, 48), 5, 2, 2, 1, task.imageSize() / 16, 128, 0, true);
            case CIFAR -> new AlexNet(List.of(64, 192, 384, 256, 256), 3, 1, 1, 1, 4, 4096, 0.5, false);
            case PAPER -> new AlexNet(List.of(64, 192, 384, 256, 256), 11, 4, 2, 0, 6, 4096, 0.5, false);
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

    private Layer convolution(Scope scope, int in, int out, int kernel, int stride, int padding) {
        Convolution convolution = new Convolution(in, out, kernel, stride, padding);
        long fanIn = convolution.fanIn();
        return convolution
                .layer(scope, weight(fanIn), Initializer.torchDefault(fanIn))
                .then(Layers.RELU);
    }

    private Layer linear(Scope scope, int in, int out) {
        return Layers.linear(scope, in, out, weight(in), Initializer.torchDefault(in));
    }

    private Initializer weight(long fanIn) {
        return keepsVariance ? Initializer.kaimingNormal(fanIn) : Initializer.torchDefault(fanIn);
    }
}
