package io.couplet.trainer.optimizers;

import java.util.List;

/** Lion (Chen et al. 2023, arXiv:2302.06675) as timm.optim.Lion: the sign of an interpolated momentum, decay decoupled. */
final class Lion implements Optimizer {
    static final Options DEFAULTS = Options.defaults("beta1", 0.9, "beta2", 0.99, "weight_decay", 0);

    private final double beta1;
    private final double beta2;
    private final double weightDecay;

    Lion(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        weightDecay = options.get("weight_decay");
    }

    @Override
    public List<String> state() {
        return List.of("exp_avg");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        update.elementwise(x -> {
            Flat parameters = x.decayedParameters(learningRate, weightDecay);
            Flat mean = x.state(0);
            Flat direction = x.copyOf(mean).lerp(x.gradient(), 1 - beta1).sign();
            parameters.add(direction, -learningRate);
            mean.lerp(x.gradient(), 1 - beta2);
        });
    }
}
