package io.couplet.trainer.optimizers;

import java.util.List;

/**
 * RAdam (Liu et al. 2020, arXiv:1908.03265) as torch.optim.RAdam: momentum alone while too few gradients were seen to know their variance, then Adam with
 * its rate rectified.
 */
final class RAdam implements Optimizer {
    static final Options DEFAULTS =
            Options.defaults("beta1", 0.9, "beta2", 0.999, "eps", 1e-8, "weight_decay", 0, "decoupled_weight_decay", 0);

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;
    private final boolean decoupled;

    RAdam(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        decoupled = options.flag("decoupled_weight_decay");
    }

    @Override
    public List<String> state() {
        return List.of("exp_avg", "exp_avg_sq");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double rate = learningRate / (1 - Math.pow(beta1, update.step()));
        double correction2 = 1 - Math.pow(beta2, update.step());
        double length = averageLength(beta2, update.step());
        update.elementwise(x -> {
            Flat parameters = decoupled ? x.decayedParameters(learningRate, weightDecay) : x.parameters();
            Flat gradient = decoupled ? x.gradient() : x.gradientWithPenalty(weightDecay);
            Flat mean = x.state(0).lerp(gradient, 1 - beta1);
            Flat square = x.state(1).scale(beta2).addProduct(gradient, gradient, 1 - beta2);
            if (length > 5) {
                Flat scale = x.copyOf(square).squareRoot().add(epsilon);
                parameters.addQuotient(mean, scale, -rate * rectification(beta2, length) * Math.sqrt(correction2));
            } else {
                parameters.add(mean, -rate);
            }
        });
    }

    /** How many squared gradients the average stands for at a step: ρ_t of the paper. */
    static double averageLength(double beta2, long step) {
        double power = Math.pow(beta2, step);
        return longestAverage(beta2) - 2 * step * power / (1 - power);
    }

    private static double longestAverage(double beta2) {
        return 2 / (1 - beta2) - 1;
    }

    /** r_t of the paper. */
    static double rectification(double beta2, double length) {
        double longest = longestAverage(beta2);
        return Math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
    }
}
