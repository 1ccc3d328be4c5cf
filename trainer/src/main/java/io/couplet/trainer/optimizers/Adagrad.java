package io.couplet.trainer.optimizers;

import java.util.List;

/** AdaGrad (Duchi et al. 2011, JMLR 12) as torch.optim.Adagrad: epsilon outside the root, weight decay as an L2 penalty. */
final class Adagrad implements Optimizer {
    static final Options DEFAULTS =
            Options.defaults("lr_decay", 0, "eps", 1e-10, "weight_decay", 0, "initial_accumulator_value", 0);

    private final double rateDecay;
    private final double epsilon;
    private final double weightDecay;
    private final double initial;

    Adagrad(Options options) {
        rateDecay = options.get("lr_decay");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        initial = options.get("initial_accumulator_value");
    }

    @Override
    public List<String> state() {
        return List.of("sum");
    }

    @Override
    public void apply(Update update) {
        double rate = update.learningRate() / (1 + (update.step() - 1) * rateDecay);
        update.elementwise(x -> {
            Flat gradient = x.gradientWithPenalty(weightDecay);
            Flat sum = x.state(0);
            if (update.step() == 1) {
                sum.add(initial);
            }
            sum.addProduct(gradient, gradient, 1);
            x.parameters().addQuotient(gradient, x.copyOf(sum).squareRoot().add(epsilon), -rate);
        });
    }
}
