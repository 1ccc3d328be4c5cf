package io.couplet.trainer.optimizers;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * LAMB (You et al. 2020, arXiv:1904.00962) as timm.optim.Lamb: all gradients are scaled to a global norm of at most {@code max_grad_norm} (0: never), and a
 * tensor without weight decay gets no trust ratio unless {@code always_adapt}.
 */
final class Lamb implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "beta1",
            0.9,
            "beta2",
            0.999,
            "eps",
            1e-6,
            "weight_decay",
            0.01,
            "max_grad_norm",
            1,
            "trust_clip",
            0,
            "always_adapt",
            0,
            "bias_correction",
            1,
            "grad_averaging",
            1,
            "decoupled_decay",
            0);

    private static final ToDoubleFunction<Tensors.Tensor> DECAYS = tensor -> tensor.decays() ? 1 : 0;

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;
    private final double maxGradientNorm;
    private final boolean trustClip;
    private final boolean alwaysAdapt;
    private final boolean corrected;
    private final double entering;
    private final boolean decoupled;

    Lamb(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        maxGradientNorm = options.get("max_grad_norm");
        trustClip = options.flag("trust_clip");
        alwaysAdapt = options.flag("always_adapt");
        corrected = options.flag("bias_correction");
        entering = options.flag("grad_averaging") ? 1 - beta1 : 1;
        decoupled = options.flag("decoupled_decay");
    }

    @Override
    public List<String> state() {
        return List.of("exp_avg", "exp_avg_sq");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double correction1 = corrected ? 1 - Math.pow(beta1, update.step()) : 1;
        double correction2 = corrected ? 1 - Math.pow(beta2, update.step()) : 1;
        PerGroup clip = update.norm(Update.Window::gradient)
                .times(maxGradientNorm == 0 ? 0 : 1 / maxGradientNorm)
                .atLeast(1)
                .inverse();
        boolean trusted = weightDecay != 0 || alwaysAdapt;
        update.elementwise(x -> {
            Flat gradient = x.gradient().scale(clip);
            Flat mean = x.state(0).scale(beta1).add(gradient, entering);
            Flat square = x.state(1).scale(beta2).addProduct(gradient, gradient, 1 - beta2);
            Flat scale = x.copyOf(square)
                    .squareRoot()
                    .scale(1 / Math.sqrt(correction2))
                    .add(epsilon);
            Flat direction = x.work(0).clear().addQuotient(mean, scale, 1 / correction1);
            if (decoupled) {
                x.decayedParameters(learningRate, weightDecay);
            } else {
                direction.addProduct(x.decays(), x.parameters(), weightDecay);
            }
            if (!trusted) {
                x.parameters().add(direction, -learningRate);
            }
        });
        if (trusted) {
            PerGroup trust = update.norm(Grouping.TENSOR, Update.Window::parameters)
                    .ratioOrOne(update.norm(Grouping.TENSOR, x -> x.work(0)));
            PerGroup bounded = trustClip ? trust.atMost(1) : trust;
            PerGroup factors = alwaysAdapt
                    ? bounded
                    : bounded.where(update.constants(DECAYS), bounded.times(0).plus(1));
            update.elementwise(x -> x.parameters().add(x.work(0).scale(factors), -learningRate));
        }
    }
}
