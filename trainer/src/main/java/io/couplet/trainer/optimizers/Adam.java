package io.couplet.trainer.optimizers;

import java.util.List;

/** Adam (Kingma and Ba 2015, arXiv:1412.6980) as torch.optim.Adam, and AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) as torch.optim.AdamW. */
final class Adam implements Optimizer {
    static final Options DEFAULTS =
            Options.defaults("beta1", 0.9, "beta2", 0.999, "eps", 1e-8, "weight_decay", 0, "amsgrad", 0);
    static final Options DEFAULTS_W =
            Options.defaults("beta1", 0.9, "beta2", 0.999, "eps", 1e-8, "weight_decay", 0.01, "amsgrad", 0);

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;
    private final boolean amsgrad;
    private final boolean decoupled;

    private Adam(Options options, boolean decoupled) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        amsgrad = options.flag("amsgrad");
        this.decoupled = decoupled;
    }

    /** With weight decay as an L2 penalty. */
    static Optimizer adam(Options options) {
        return new Adam(options, false);
    }

    /** With decoupled weight decay. */
    static Optimizer adamW(Options options) {
        return new Adam(options, true);
    }

    @Override
    public List<String> state() {
        return amsgrad ? List.of("exp_avg", "exp_avg_sq", "max_exp_avg_sq") : List.of("exp_avg", "exp_avg_sq");
    }

    double beta1() {
        return beta1;
    }

    double beta2() {
        return beta2;
    }

    double epsilon() {
        return epsilon;
    }

    double weightDecay() {
        return weightDecay;
    }

    boolean amsgrad() {
        return amsgrad;
    }

    /** Whether weight decay goes past the gradient. */
    boolean decoupled() {
        return decoupled;
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double correction1 = 1 - Math.pow(beta1, update.step());
        double correction2 = 1 - Math.pow(beta2, update.step());
        update.elementwise(x -> {
            Flat parameters = decoupled ? x.decayedParameters(learningRate, weightDecay) : x.parameters();
            Flat gradient = decoupled ? x.gradient() : x.gradientWithPenalty(weightDecay);
            Flat mean = x.state(0).lerp(gradient, 1 - beta1);
            Flat square = x.state(1).scale(beta2).addProduct(gradient, gradient, 1 - beta2);
            Flat scale = x.copyOf(amsgrad ? x.state(2).maximum(square) : square)
                    .squareRoot()
                    .scale(1 / Math.sqrt(correction2))
                    .add(epsilon);
            parameters.addQuotient(mean, scale, -learningRate / correction1);
        });
    }
}
