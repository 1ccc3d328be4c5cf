package io.couplet.trainer.optimizers;

import java.util.function.ToDoubleFunction;

/**
 * The projection of SGDP and AdamP (Heo et al. 2021, arXiv:2006.08217) as timm has it: where parameters and gradient of a tensor of two or more dimensions are
 * nearly at right angles, which shows that its scale does not matter, the direction loses its radial part: by output channel if that holds for all
 * channels, else for the tensor as a whole.
 */
final class Projection {
    private final double epsilon;
    private final ToDoubleFunction<Tensors.Tensor> channelBound;
    private final ToDoubleFunction<Tensors.Tensor> layerBound;

    Projection(double delta, double epsilon) {
        this.epsilon = epsilon;
        channelBound = tensor -> tensor.shape().size() < 2 ? 0 : delta / Math.sqrt(tensor.columns());
        layerBound = tensor -> tensor.shape().size() < 2 ? 0 : delta / Math.sqrt(tensor.size());
    }

    /** Projects the direction in work vector 0; returns 1 for each tensor that was projected, 0 for others. */
    PerGroup apply(Update update) {
        PerGroup rows = update.norm(Grouping.ROW, Update.Window::parameters);
        PerGroup byChannel =
                cosine(update, Grouping.ROW, rows).largestPerTensor().below(update.constants(channelBound));
        PerGroup tensors = update.norm(Grouping.TENSOR, Update.Window::parameters);
        PerGroup byLayer = cosine(update, Grouping.TENSOR, tensors)
                .below(update.constants(layerBound))
                .times(byChannel.times(-1).plus(1));
        PerGroup radialByChannel = radial(update, Grouping.ROW, rows).times(byChannel);
        PerGroup radialByLayer = radial(update, Grouping.TENSOR, tensors).times(byLayer);
        update.elementwise(x -> x.work(0)
                .add(x.copyOf(x.parameters()).scale(radialByChannel), -1)
                .add(x.copyOf(x.parameters()).scale(radialByLayer), -1));
        return byChannel.plus(byLayer);
    }

    private PerGroup cosine(Update update, Grouping grouping, PerGroup norms) {
        return update.dot(grouping, Update.Window::gradient, Update.Window::parameters)
                .absolute()
                .times(norms.atLeast(epsilon).inverse())
                .times(update.norm(grouping, Update.Window::gradient)
                        .atLeast(epsilon)
                        .inverse());
    }

    /** What to take away of the parameters for the direction to lose its part along them. */
    private PerGroup radial(Update update, Grouping grouping, PerGroup norms) {
        PerGroup inverse = norms.plus(epsilon).inverse();
        return update.dot(grouping, Update.Window::parameters, x -> x.work(0))
                .times(inverse)
                .times(inverse);
    }
}
