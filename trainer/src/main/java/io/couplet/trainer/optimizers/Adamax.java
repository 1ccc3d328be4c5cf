package io.couplet.trainer.optimizers;

import java.util.List;

/** Adamax (Kingma and Ba 2015, arXiv:1412.6980, section 7.1) as torch.optim.Adamax: Adam with the infinity norm. */
final class Adamax implements Optimizer {
    static final Options DEFAULTS = Options.defaults("beta1", 0.9, "beta2", 0.999, "eps", 1e-8, "weight_decay", 0);

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;

    Adamax(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
    }

    @Override
    public List<String> state() {
        return List.of("exp_avg", "exp_inf");
    }

    @Override
    public void apply(Update update) {
        double rate = update.learningRate() / (1 - Math.pow(beta1, update.step()));
        update.elementwise(x -> {
            Flat gradient = x.gradientWithPenalty(weightDecay);
            Flat mean = x.state(0).lerp(gradient, 1 - beta1);
            Flat largest = x.state(1).scale(beta2).maximum(gradient.absolute().add(epsilon));
            x.parameters().addQuotient(mean, largest, -rate);
        });
    }
}
