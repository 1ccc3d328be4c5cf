package io.couplet.trainer.optimizers;

import java.util.List;

/** AdamP (Heo et al. 2021, arXiv:2006.08217) as timm.optim.AdamP: Adam without the radial part; the decay is decoupled and weaker where that was removed. */
final class AdamP implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "beta1", 0.9, "beta2", 0.999, "eps", 1e-8, "weight_decay", 0, "delta", 0.1, "wd_ratio", 0.1, "nesterov", 0);

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;
    private final double decayRatio;
    private final boolean nesterov;
    private final Projection projection;

    AdamP(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        decayRatio = options.get("wd_ratio");
        nesterov = options.flag("nesterov");
        projection = new Projection(options.get("delta"), epsilon);
    }

    @Override
    public List<String> state() {
        return List.of("exp_avg", "exp_avg_sq");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double correction1 = 1 - Math.pow(beta1, update.step());
        double correction2 = 1 - Math.pow(beta2, update.step());
        update.elementwise(x -> {
            Flat gradient = x.gradient();
            Flat mean = x.state(0).lerp(gradient, 1 - beta1);
            Flat square = x.state(1).scale(beta2).addProduct(gradient, gradient, 1 - beta2);
            Flat scale = x.copyOf(square)
                    .squareRoot()
                    .scale(1 / Math.sqrt(correction2))
                    .add(epsilon);
            Flat direction = x.work(0).set(mean);
            if (nesterov) {
                direction.lerp(gradient, 1 - beta1);
            }
            direction.divide(scale);
        });
        PerGroup decay = projection.apply(update).times(decayRatio - 1).plus(1).times(-learningRate * weightDecay);
        update.elementwise(x -> {
            if (weightDecay != 0) {
                x.parameters().addProduct(x.decays(), x.copyOf(x.parameters()).scale(decay), 1);
            }
            x.parameters().add(x.work(0), -learningRate / correction1);
        });
    }
}
