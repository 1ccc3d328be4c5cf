package io.couplet.trainer.optimizers;

import java.util.List;

/**
 * ADOPT (Taniguchi et al. 2024, arXiv:2411.02853) as timm.optim.Adopt: the gradient is divided by the squares of those before it, then enters the momentum.
 * The first step only takes the gradient's square. The quotient is clipped at (step − 1)^clip_exp.
 */
final class Adopt implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "beta1", 0.9, "beta2", 0.9999, "eps", 1e-6, "weight_decay", 0, "clip_exp", 0.333, "decoupled", 0);

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;
    private final double clipExponent;
    private final boolean decoupled;

    Adopt(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        clipExponent = options.get("clip_exp");
        decoupled = options.flag("decoupled");
    }

    @Override
    public List<String> state() {
        return List.of("exp_avg", "exp_avg_sq");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double bound = Math.pow(update.step() - 1.0, clipExponent);
        update.elementwise(x -> {
            Flat gradient = decoupled ? x.gradient() : x.gradientWithPenalty(weightDecay);
            Flat square = x.state(1);
            if (update.step() == 1) {
                square.addProduct(gradient, gradient, 1);
                return;
            }
            Flat parameters = decoupled ? x.decayedParameters(learningRate, weightDecay) : x.parameters();
            Flat quotient = x.copyOf(gradient)
                    .divide(x.copyOf(square).squareRoot().atLeast(epsilon))
                    .atLeast(-bound)
                    .atMost(bound);
            parameters.add(x.state(0).lerp(quotient, 1 - beta1), -learningRate);
            square.scale(beta2).addProduct(gradient, gradient, 1 - beta2);
        });
    }
}
