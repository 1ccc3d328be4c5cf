package io.couplet.trainer.backbones;

import io.couplet.trainer.backbones.Layers.Convolution;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * VGG with batch norm (Simonyan and Zisserman 2015, arXiv:1409.1556) as timm lays it out: the two hidden linear layers are convolutions. The dropout of 0.5 is that of the paper and of torchvision.
 *
 * <p>For 32 × 32 images the feature map ends at 1 × 1 instead of 7 × 7, and so does the kernel of the first hidden layer; there is no stem to change.
 *
 * @param stages widths of the convolutions of each stage; a stage ends with a 2 × 2 max pool
 * @param headKernel height and width of the feature map that the first hidden layer takes in
 */
record Vgg(List<List<Integer>> stages, int headKernel, int hidden, double dropout) {

    private static final List<List<Integer>> VGG_13 =
            List.of(List.of(64, 64), List.of(128, 128), List.of(256, 256), List.of(512, 512), List.of(512, 512));

    static Backbone of(Backbones.Task task) {
        int size = task.imageSize();
        Vgg net = switch (task.size()) {
            case NANO -> new Vgg(List.of(List.of(8), List.of(24), List.of(48), List.of(64)), size / 16, 128, 0);
            case CIFAR -> new Vgg(VGG_13, 1, 4096, 0.5);
            case PAPER -> new Vgg(VGG_13, 7, 4096, 0.5);
        };
        return net.build(task.size() != Backbones.Size.NANO, task.classes());
    }

    private Backbone build(boolean wide, int classes) {
        return Network.of(root -> {
            List<Layer> layers = new ArrayList<>();
            layers.add(wide ? Layers.BY_CHANNEL : Layers.IDENTITY);
            Scope features = root.in("features");
            int index = 0;
            int in = 3;
            for (List<Integer> stage : stages) {
                for (int out : stage) {
                    layers.add(convolution(features.in(index), in, out, 3, 1));
                    layers.add(Layers.batchNorm(features.in(index + 1), out));
                    layers.add(Layers.RELU);
                    index += 3;
                    in = out;
                }
                layers.add(Layers.maxPool(2, 2, 0));
                index++;
            }
            Scope hiddenLayers = root.in("pre_logits");
            layers.add(Layers.averagePoolTo(headKernel));
            layers.add(convolution(hiddenLayers.in("fc1"), in, hidden, headKernel, 0));
            layers.add(Layers.RELU);
            layers.add(Layers.dropout(dropout));
            layers.add(convolution(hiddenLayers.in("fc2"), hidden, hidden, 1, 0));
            layers.add(Layers.RELU);
            layers.add(Layers.GLOBAL_AVERAGE_POOL);
            layers.add(Layers.dropout(dropout));
            layers.add(Layers.linear(
                    root.in("head.fc"), hidden, classes, Initializer.normal(0.01), Initializer.constant(0)));
            return Layer.sequence(layers);
        });
    }

    private static Layer convolution(Scope scope, int in, int out, int kernel, int padding) {
        Convolution convolution = new Convolution(in, out, kernel, 1, padding);
        return convolution.layer(scope, Initializer.kaimingNormal(convolution.fanOut()), Initializer.constant(0));
    }
}
