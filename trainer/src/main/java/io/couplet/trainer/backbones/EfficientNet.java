package io.couplet.trainer.backbones;

import io.couplet.trainer.backbones.InvertedResidualNet.Stage;
import java.util.List;

/**
 * EfficientNet-B0 (Tan and Le 2019, arXiv:1905.11946): inverted residuals with squeeze-and-excitation and SiLU.
 *
 * <p>For 32 × 32 images the stem and the second stage keep the size.
 */
final class EfficientNet {
    private EfficientNet() {}

    static Backbone of(Backbones.Task task) {
        InvertedResidualNet net = switch (task.size()) {
            case NANO ->
                new InvertedResidualNet(
                        8,
                        2,
                        List.of(new Stage(1, 3, 8, 1, 1), new Stage(4, 3, 16, 1, 2), new Stage(4, 5, 32, 2, 2)),
                        96,
                        Layers.SILU,
                        0.25,
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
                        new Stage(6, 5, 40, 2, 2),
                        new Stage(6, 3, 80, 3, 2),
                        new Stage(6, 5, 112, 3, 1),
                        new Stage(6, 5, 192, 4, 2),
                        new Stage(6, 3, 320, 1, 1)),
                1280,
                Layers.SILU,
                0.25,
                0.2,
                dropPath);
    }
}
