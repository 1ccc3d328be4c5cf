package io.couplet.trainer.optimizers;

import java.util.List;

/** NAdam (Dozat 2016, "Incorporating Nesterov Momentum into Adam") as torch.optim.NAdam: the momentum rises with the step. */
final class NAdam implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "beta1",
            0.9,
            "beta2",
            0.999,
            "eps",
            1e-8,
            "weight_decay",
            0,
            "momentum_decay",
            0.004,
            "decoupled_weight_decay",
            0);

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;
    private final double momentumDecay;
    private final boolean decoupled;

    NAdam(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        momentumDecay = options.get("momentum_decay");
        decoupled = options.flag("decoupled_weight_decay");
    }

    @Override
    public List<String> state() {
        return List.of("exp_avg", "exp_avg_sq");
    }

    @Override
    public List<String> scalars() {
        return List.of("mu_product");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double mu = momentum(update.step());
        double nextMu = momentum(update.step() + 1);
        double product = (update.step() == 1 ? 1 : update.scalar(0)) * mu;
        update.keep(0, product);
        double correction2 = 1 - Math.pow(beta2, update.step());
        update.elementwise(x -> {
            Flat parameters = decoupled ? x.decayedParameters(learningRate, weightDecay) : x.parameters();
            Flat gradient = decoupled ? x.gradient() : x.gradientWithPenalty(weightDecay);
            Flat mean = x.state(0).lerp(gradient, 1 - beta1);
            Flat square = x.state(1).scale(beta2).addProduct(gradient, gradient, 1 - beta2);
            Flat scale = x.copyOf(square).scale(1 / correction2).squareRoot().add(epsilon);
            parameters
                    .addQuotient(gradient, scale, -learningRate * (1 - mu) / (1 - product))
                    .addQuotient(mean, scale, -learningRate * nextMu / (1 - product * nextMu));
        });
    }

    private double momentum(long step) {
        return beta1 * (1 - 0.5 * Math.pow(0.96, step * momentumDecay));
    }
}
