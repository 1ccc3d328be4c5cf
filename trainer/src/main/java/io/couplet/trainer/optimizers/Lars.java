package io.couplet.trainer.optimizers;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * LARS (You et al. 2017, arXiv:1708.03888) as timm.optim.Lars: gradient and decay of a tensor are scaled by the ratio of the parameters' norm to theirs before
 * they enter the momentum. Tensors without weight decay are not scaled unless {@code always_adapt}; {@code trust_clip} keeps the ratio at or
 * below the learning rate (LARC).
 */
final class Lars implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "momentum",
            0.9,
            "dampening",
            0,
            "weight_decay",
            1e-4,
            "nesterov",
            0,
            "trust_coeff",
            1e-3,
            "eps",
            1e-8,
            "trust_clip",
            0,
            "always_adapt",
            0);

    private static final ToDoubleFunction<Tensors.Tensor> DECAYS = tensor -> tensor.decays() ? 1 : 0;
    private static final ToDoubleFunction<Tensors.Tensor> ONE = tensor -> 1;

    private final double momentum;
    private final double dampening;
    private final double weightDecay;
    private final boolean nesterov;
    private final double coefficient;
    private final double epsilon;
    private final boolean clipped;
    private final boolean alwaysAdapt;

    Lars(Options options) {
        momentum = options.get("momentum");
        dampening = options.get("dampening");
        weightDecay = options.get("weight_decay");
        nesterov = options.flag("nesterov");
        coefficient = options.get("trust_coeff");
        epsilon = options.get("eps");
        clipped = options.flag("trust_clip");
        alwaysAdapt = options.flag("always_adapt");
    }

    @Override
    public List<String> state() {
        return momentum == 0 ? List.of() : List.of("momentum_buffer");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double entering = update.step() == 1 ? 1 : 1 - dampening;
        PerGroup trust = weightDecay != 0 || alwaysAdapt ? trust(update) : update.constants(ONE);
        update.elementwise(x -> {
            Flat direction = x.gradientWithPenalty(weightDecay).scale(trust);
            if (momentum != 0) {
                Flat buffer = x.state(0).scale(momentum).add(direction, entering);
                direction = nesterov ? direction.add(buffer, momentum) : buffer;
            }
            x.parameters().add(direction, -learningRate);
        });
    }

    private PerGroup trust(Update update) {
        PerGroup one = update.constants(ONE);
        PerGroup decays = update.constants(DECAYS);
        PerGroup parameters = update.norm(Grouping.TENSOR, Update.Window::parameters);
        PerGroup gradient = update.norm(Grouping.TENSOR, Update.Window::gradient);
        PerGroup trust = parameters
                .times(coefficient)
                .times(gradient.plus(parameters.times(weightDecay).times(decays))
                        .plus(epsilon)
                        .inverse())
                .where(parameters.times(gradient), one);
        PerGroup bounded = clipped ? trust.times(1 / update.learningRate()).atMost(1) : trust;
        return alwaysAdapt ? bounded : bounded.where(decays, one);
    }
}
