package io.couplet.trainer.optimizers;

import java.util.List;

/**
 * AdaBelief (Zhuang et al. 2020, arXiv:2010.07468) as timm.optim.AdaBelief: the step is small where the gradient differs from its average. Epsilon enters the
 * averaged squares at each step, and the denominator once more. {@code rectify} as RAdam, with plain momentum while too few gradients were seen if
 * {@code degenerated_to_sgd}; {@code fixed_decay} leaves the learning rate out of the decay.
 */
final class AdaBelief implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "beta1",
            0.9,
            "beta2",
            0.999,
            "eps",
            1e-16,
            "weight_decay",
            0,
            "amsgrad",
            0,
            "decoupled_decay",
            1,
            "fixed_decay",
            0,
            "rectify",
            0,
            "degenerated_to_sgd",
            1);

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;
    private final boolean amsgrad;
    private final boolean decoupled;
    private final boolean fixedDecay;
    private final boolean rectify;
    private final boolean momentumAtFirst;

    AdaBelief(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        amsgrad = options.flag("amsgrad");
        decoupled = options.flag("decoupled_decay");
        fixedDecay = options.flag("fixed_decay");
        rectify = options.flag("rectify");
        momentumAtFirst = options.flag("degenerated_to_sgd");
    }

    @Override
    public List<String> state() {
        return amsgrad ? List.of("exp_avg", "exp_avg_var", "max_exp_avg_var") : List.of("exp_avg", "exp_avg_var");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double rate = learningRate / (1 - Math.pow(beta1, update.step()));
        double correction2 = Math.sqrt(1 - Math.pow(beta2, update.step()));
        double length = RAdam.averageLength(beta2, update.step());
        update.elementwise(x -> {
            Flat parameters =
                    decoupled ? x.decayedParameters(fixedDecay ? 1 : learningRate, weightDecay) : x.parameters();
            Flat gradient = decoupled ? x.gradient() : x.gradientWithPenalty(weightDecay);
            Flat mean = x.state(0).lerp(gradient, 1 - beta1);
            Flat residual = x.copyOf(gradient).add(mean, -1);
            Flat variance = x.state(1).scale(beta2).addProduct(residual, residual, 1 - beta2);
            if (amsgrad || !rectify) {
                variance.add(epsilon);
            }
            Flat largest = amsgrad ? x.state(2).maximum(variance) : variance;
            if (!rectify) {
                Flat scale =
                        x.copyOf(largest).squareRoot().scale(1 / correction2).add(epsilon);
                parameters.addQuotient(mean, scale, -rate);
            } else if (length >= 5) {
                Flat scale = x.copyOf(variance).squareRoot().add(epsilon);
                parameters.addQuotient(mean, scale, -rate * RAdam.rectification(beta2, length) * correction2);
            } else if (momentumAtFirst) {
                parameters.add(mean, -rate);
            }
        });
    }
}
