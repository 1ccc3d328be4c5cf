package io.couplet.trainer.optimizers;

import java.util.List;

/** AdaDelta (Zeiler 2012, arXiv:1212.5701) as torch.optim.Adadelta: epsilon inside both roots, weight decay as an L2 penalty. */
final class Adadelta implements Optimizer {
    static final Options DEFAULTS = Options.defaults("rho", 0.9, "eps", 1e-6, "weight_decay", 0);

    private final double rho;
    private final double epsilon;
    private final double weightDecay;

    Adadelta(Options options) {
        rho = options.get("rho");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
    }

    @Override
    public List<String> state() {
        return List.of("square_avg", "acc_delta");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        update.elementwise(x -> {
            Flat gradient = x.gradientWithPenalty(weightDecay);
            Flat square = x.state(0).scale(rho).addProduct(gradient, gradient, 1 - rho);
            Flat change = x.copyOf(x.state(1))
                    .add(epsilon)
                    .squareRoot()
                    .divide(x.copyOf(square).add(epsilon).squareRoot())
                    .multiply(gradient);
            x.state(1).scale(rho).addProduct(change, change, 1 - rho);
            x.parameters().add(change, -learningRate);
        });
    }
}
