package io.couplet.trainer.backbones;

import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * What MobileNetV2 and EfficientNet are made of: a stem, blocks that widen, convolve each channel by itself and narrow again, and a wide head. Named and initialised as timm's, which follows the
 * original TensorFlow code.
 *
 * @param squeeze width of the squeeze-and-excitation as a share of the block's input; 0 for none
 * @param dropout before the classifier
 * @param dropPath of stochastic depth: block i of n skips with probability {@code dropPath} · i / n
 */
record InvertedResidualNet(
        int stemWidth,
        int stemStride,
        List<Stage> stages,
        int headWidth,
        Layer activation,
        double squeeze,
        double dropout,
        double dropPath) {

    /**
     * @param expansion how much wider the depthwise convolution is than the block's input; 1 makes the block a depthwise-separable convolution
     * @param kernel of the depthwise convolution
     * @param stride of the stage's first block
     */
    record Stage(int expansion, int kernel, int width, int depth, int stride) {}

    Backbone build(int classes) {
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            layers.add(convolution(root.in("conv_stem"), new Convolution(3, stemWidth, 3, stemStride, 1)));
            layers.add(Layers.batchNorm(root.in("bn1"), stemWidth));
            layers.add(activation);
            int blocks = stages.stream().mapToInt(Stage::depth).sum();
            int index = 0;
            int in = stemWidth;
            for (int i = 0; i < stages.size(); i++) {
                Stage stage = stages.get(i);
                for (int block = 0; block < stage.depth(); block++) {
                    Scope scope = root.in("blocks").in(i).in(block);
                    int stride = block == 0 ? stage.stride() : 1;
                    Layer branch = stage.expansion() == 1
                            ? separable(scope, in, stage, stride)
                            : invertedResidual(scope, in, stage, stride);
                    layers.add(
                            stride == 1 && in == stage.width()
                                    ? Layers.residual(branch, dropPath * index / blocks)
                                    : branch);
                    in = stage.width();
                    index++;
                }
            }
            layers.add(convolution(root.in("conv_head"), Convolution.pointwise(in, headWidth)));
            layers.add(Layers.batchNorm(root.in("bn2"), headWidth));
            layers.add(activation);
            layers.add(Layers.GLOBAL_AVERAGE_POOL);
            layers.add(Layers.dropout(dropout));
            // Uniform with bound 1 / √fanOut.
            layers.add(Layers.linear(
                    root.in("classifier"),
                    headWidth,
                    classes,
                    Initializer.torchDefault(classes),
                    Initializer.constant(0)));
            return Layer.sequence(layers);
        });
    }

    private Layer separable(Scope scope, int in, Stage stage, int stride) {
        return convolution(scope.in("conv_dw"), Convolution.depthwise(in, stage.kernel(), stride))
                .then(Layers.batchNorm(scope.in("bn1"), in))
                .then(activation)
                .then(squeezeExcite(scope.in("se"), in, in))
                .then(convolution(scope.in("conv_pw"), Convolution.pointwise(in, stage.width())))
                .then(Layers.batchNorm(scope.in("bn2"), stage.width()));
    }

    private Layer invertedResidual(Scope scope, int in, Stage stage, int stride) {
        int expanded = in * stage.expansion();
        return convolution(scope.in("conv_pw"), Convolution.pointwise(in, expanded))
                .then(Layers.batchNorm(scope.in("bn1"), expanded))
                .then(activation)
                .then(convolution(scope.in("conv_dw"), Convolution.depthwise(expanded, stage.kernel(), stride)))
                .then(Layers.batchNorm(scope.in("bn2"), expanded))
                .then(activation)
                .then(squeezeExcite(scope.in("se"), expanded, in))
                .then(convolution(scope.in("conv_pwl"), Convolution.pointwise(expanded, stage.width())))
                .then(Layers.batchNorm(scope.in("bn3"), stage.width()));
    }

    /** @param in of the block, before it widens: the squeeze goes by that */
    private Layer squeezeExcite(Scope scope, int channels, int in) {
        if (squeeze == 0) {
            return Layers.IDENTITY;
        }
        int squeezed = (int) Math.rint(in * squeeze);
        return Layers.squeezeExcite(
                pointwise(scope.in("conv_reduce"), channels, squeezed),
                activation,
                pointwise(scope.in("conv_expand"), squeezed, channels));
    }

    private static Layer pointwise(Scope scope, int in, int out) {
        Convolution convolution = Convolution.pointwise(in, out);
        return convolution.layer(
                scope, Initializer.kaimingNormal(convolution.fanOutPerGroup()), Initializer.constant(0));
    }

    private static Layer convolution(Scope scope, Convolution convolution) {
        return convolution
                .withoutBias()
                .layer(scope, Initializer.kaimingNormal(convolution.fanOutPerGroup()), Initializer.constant(0));
    }
}
