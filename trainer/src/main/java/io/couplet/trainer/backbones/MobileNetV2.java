package io.couplet.trainer.backbones;

import io.couplet.trainer.backbones.InvertedResidualNet.Stage;
import java.util.List;

/**
 * MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381): inverted residuals with linear bottlenecks. The dropout of 0.2 is that of the original code and of torchvision.
 *
 * <p>For 32 × 32 images the stem and the second stage keep the size.
 */
final class MobileNetV2 {
    private MobileNetV2() {}

    static Backbone of(Backbones.Task task) {
        InvertedResidualNet net = switch (task.size()) {
            case NANO ->
                new InvertedResidualNet(
                        8,
                        2,
                        List.of(new Stage(1, 3, 8, 1, 1), new Stage(4, 3, 16, 2, 2), new Stage(4, 3, 32, 2, 2)),
                        96,
                        Layers.RELU6,
                        0,
                        0,
                        task.dropPath());
            case CIFAR -> paper(1, task.dropPath());
            case PAPER -> paper(2, task.dropPath());
        };
        return net.build(task.classes());
    }

    /** @param early stride of the stem and of the second stage */
    private static InvertedResidualNet paper(int early, double dropPath) {
        return new InvertedResidualNet(
                32,
                early,
                List.of(
                        new Stage(1, 3, 16, 1, 1),
                        new Stage(6, 3, 24, 2, early),
                        new Stage(6, 3, 32, 3, 2),
                        new Stage(6, 3, 64, 4, 2),
                        new Stage(6, 3, 96, 3, 1),
                        new Stage(6, 3, 160, 3, 2),
                        new Stage(6, 3, 320, 1, 1)),
                1280,
                Layers.RELU6,
                0,
                0.2,
                dropPath);
    }
}
