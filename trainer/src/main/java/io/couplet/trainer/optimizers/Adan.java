package io.couplet.trainer.optimizers;

import java.util.List;

/**
 * Adan (Xie et al. 2022, arXiv:2208.06677) as timm.optim.Adan: Nesterov momentum through the difference of successive gradients, which is zero at the first
 * step. The betas are one minus the paper's. Decay is proximal, parameters / (1 + rate · decay) after the step, or as in AdamW with {@code no_prox}.
 */
final class Adan implements Optimizer {
    static final Options DEFAULTS =
            Options.defaults("beta1", 0.98, "beta2", 0.92, "beta3", 0.99, "eps", 1e-8, "weight_decay", 0, "no_prox", 0);

    private final double beta1;
    private final double beta2;
    private final double beta3;
    private final double epsilon;
    private final double weightDecay;
    private final boolean decayFirst;

    Adan(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        beta3 = options.get("beta3");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        decayFirst = options.flag("no_prox");
    }

    @Override
    public List<String> state() {
        return List.of("exp_avg", "exp_avg_diff", "exp_avg_sq", "previous_grad");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double correction1 = 1 - Math.pow(beta1, update.step());
        double correction2 = 1 - Math.pow(beta2, update.step());
        double correction3 = 1 - Math.pow(beta3, update.step());
        update.elementwise(x -> {
            Flat gradient = x.gradient();
            Flat previous = x.state(3);
            if (update.step() == 1) {
                previous.set(gradient);
            }
            Flat difference = x.copyOf(gradient).add(previous, -1);
            previous.set(gradient);
            Flat mean = x.state(0).lerp(gradient, 1 - beta1);
            Flat meanDifference = x.state(1).lerp(difference, 1 - beta2);
            Flat ahead = difference.scale(beta2).add(gradient, 1);
            Flat square = x.state(2).scale(beta3).addProduct(ahead, ahead, 1 - beta3);
            Flat scale = x.copyOf(square)
                    .squareRoot()
                    .scale(1 / Math.sqrt(correction3))
                    .add(epsilon);
            Flat parameters = decayFirst ? x.decayedParameters(learningRate, weightDecay) : x.parameters();
            parameters
                    .addQuotient(mean, scale, -learningRate / correction1)
                    .addQuotient(meanDifference, scale, -learningRate * beta2 / correction2);
            if (!decayFirst && weightDecay != 0) {
                parameters.divide(
                        x.copyOf(x.decays()).scale(learningRate * weightDecay).add(1));
            }
        });
    }
}
