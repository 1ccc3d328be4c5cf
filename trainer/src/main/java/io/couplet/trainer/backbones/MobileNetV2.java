package io.couplet.trainer.backbones;

import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/** MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381): inverted residuals with linear bottlenecks. */
record MobileNetV2(int stemWidth, List<Stage> stages, int headWidth) {

    /**
     * @param expansion how much wider the depthwise convolution is than the block's input; 1 makes the block a depthwise-separable convolution
     * @param stride of the stage's first block
     */
    record Stage(int expansion, int width, int depth, int stride) {}

    static Backbone of(Backbones.Task task) {
        return switch (task.size()) {
            case NANO -> nano(task.imageSize(), task.classes());
            case CIFAR, PAPER -> paper(task.imageSize(), task.classes());
        };
    }

    private static Backbone paper(int imageSize, int classes) {
        return new MobileNetV2(
                        32,
                        List.of(
                                new Stage(1, 16, 1, 1),
                                new Stage(6, 24, 2, 2),
                                new Stage(6, 32, 3, 2),
                                new Stage(6, 64, 4, 2),
                                new Stage(6, 96, 3, 1),
                                new Stage(6, 160, 3, 2),
                                new Stage(6, 320, 1, 1)),
                        1280)
                .build(classes);
    }

    private static Backbone nano(int imageSize, int classes) {
        return new MobileNetV2(8, List.of(new Stage(1, 8, 1, 1), new Stage(4, 16, 2, 2), new Stage(4, 32, 2, 2)), 96)
                .build(classes);
    }

    private Backbone build(int classes) {
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            layers.add(convolution(root.in("conv_stem"), new Convolution(3, stemWidth, 3, 2, 1)));
            layers.add(Layers.batchNorm(root.in("bn1"), stemWidth));
            layers.add(Layers.RELU6);
            int in = stemWidth;
            for (int i = 0; i < stages.size(); i++) {
                Stage stage = stages.get(i);
                for (int block = 0; block < stage.depth(); block++) {
                    Scope scope = root.in("blocks").in(i).in(block);
                    int stride = block == 0 ? stage.stride() : 1;
                    Layer branch = stage.expansion() == 1
                            ? separable(scope, in, stage.width(), stride)
                            : invertedResidual(scope, in, in * stage.expansion(), stage.width(), stride);
                    layers.add(
                            stride == 1 && in == stage.width()
                                    ? (pass, x) -> branch.forward(pass, x).add(x)
                                    : branch);
                    in = stage.width();
                }
            }
            layers.add(convolution(root.in("conv_head"), new Convolution(in, headWidth, 1, 1, 0)));
            layers.add(Layers.batchNorm(root.in("bn2"), headWidth));
            layers.add(Layers.RELU6);
            layers.add(Layers.GLOBAL_AVERAGE_POOL);
            // timm's linear layers here: uniform with bound 1 / √fanOut.
            layers.add(Layers.linear(
                    root.in("classifier"),
                    headWidth,
                    classes,
                    Initializer.torchDefault(classes),
                    Initializer.constant(0)));
            return Layer.sequence(layers);
        });
    }

    private static Layer separable(Scope scope, int in, int out, int stride) {
        return convolution(scope.in("conv_dw"), Convolution.depthwise(in, 3, stride))
                .then(Layers.batchNorm(scope.in("bn1"), in))
                .then(Layers.RELU6)
                .then(convolution(scope.in("conv_pw"), new Convolution(in, out, 1, 1, 0)))
                .then(Layers.batchNorm(scope.in("bn2"), out));
    }

    private static Layer invertedResidual(Scope scope, int in, int expanded, int out, int stride) {
        return convolution(scope.in("conv_pw"), new Convolution(in, expanded, 1, 1, 0))
                .then(Layers.batchNorm(scope.in("bn1"), expanded))
                .then(Layers.RELU6)
                .then(convolution(scope.in("conv_dw"), Convolution.depthwise(expanded, 3, stride)))
                .then(Layers.batchNorm(scope.in("bn2"), expanded))
                .then(Layers.RELU6)
                .then(convolution(scope.in("conv_pwl"), new Convolution(expanded, out, 1, 1, 0)))
                .then(Layers.batchNorm(scope.in("bn3"), out));
    }

    /** Without bias, and with the fan-out counted per group, as the original code counts it. */
    private static Layer convolution(Scope scope, Convolution convolution) {
        return convolution
                .withoutBias()
                .layer(
                        scope,
                        Initializer.kaimingNormal(convolution.fanOut() / convolution.groups()),
                        Initializer.constant(0));
    }
}
