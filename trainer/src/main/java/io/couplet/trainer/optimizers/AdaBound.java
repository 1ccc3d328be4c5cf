package io.couplet.trainer.optimizers;

import java.util.List;

/**
 * AdaBound (Luo et al. 2019, arXiv:1902.09843) as its authors' code: Adam whose rate per element is held between two bounds that close on {@code final_lr}.
 * That final rate follows the schedule, as there: it is multiplied by the rate now over the highest rate so far. {@code amsbound} takes the largest
 * squared average so far.
 */
final class AdaBound implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "beta1",
            0.9,
            "beta2",
            0.999,
            "final_lr",
            0.1,
            "gamma",
            1e-3,
            "eps",
            1e-8,
            "weight_decay",
            0,
            "amsbound",
            0);

    private final double beta1;
    private final double beta2;
    private final double finalRate;
    private final double gamma;
    private final double epsilon;
    private final double weightDecay;
    private final boolean amsbound;

    AdaBound(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        finalRate = options.get("final_lr");
        gamma = options.get("gamma");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        amsbound = options.flag("amsbound");
    }

    @Override
    public List<String> state() {
        return amsbound ? List.of("exp_avg", "exp_avg_sq", "max_exp_avg_sq") : List.of("exp_avg", "exp_avg_sq");
    }

    @Override
    public List<String> scalars() {
        return List.of("base_lr");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double highest = Math.max(update.scalar(0), learningRate);
        update.keep(0, highest);
        long step = update.step();
        double last = highest == 0 ? 0 : finalRate * learningRate / highest;
        double lower = last * (1 - 1 / (gamma * step + 1));
        double upper = last * (1 + 1 / (gamma * step));
        double rate = learningRate * Math.sqrt(1 - Math.pow(beta2, step)) / (1 - Math.pow(beta1, step));
        update.elementwise(x -> {
            Flat gradient = x.gradientWithPenalty(weightDecay);
            Flat mean = x.state(0).lerp(gradient, 1 - beta1);
            Flat square = x.state(1).scale(beta2).addProduct(gradient, gradient, 1 - beta2);
            Flat scale = x.copyOf(amsbound ? x.state(2).maximum(square) : square)
                    .squareRoot()
                    .add(epsilon);
            Flat rates = x.copyOf(scale)
                    .clear()
                    .add(rate)
                    .divide(scale)
                    .atLeast(lower)
                    .atMost(upper);
            x.parameters().addProduct(rates, mean, -1);
        });
    }
}
