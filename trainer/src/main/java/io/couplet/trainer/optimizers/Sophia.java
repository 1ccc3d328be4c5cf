package io.couplet.trainer.optimizers;

import java.util.List;

/**
 * Sophia-G (Liu et al. 2023, arXiv:2305.14342): the momentum over an estimate of the diagonal of the Hessian, each element's step at most the learning rate.
 *
 * <p>The paper estimates the Hessian by the Gauss–Newton–Bartlett rule from the gradient of a loss with labels drawn from the model, which needs a second
 * backward pass every {@code k} steps. Here, as in the reference's Sophia-G form, the step's own gradient stands for it: ĥ = bs · g ⊙ g, with {@code bs} the
 * batch size (1: the gradient's square itself).
 *
 * <p>{@code when}: 0 refreshes the estimate before the update of steps 1, 1 + k, …; 1 after the update of steps k, 2k, …, as the authors' training loop does.
 * {@code denom}: 0 divides by rho · bs · h + 1e-15, as the authors' code; 1 by max(rho · bs · h, eps), as the paper.
 */
final class Sophia implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "beta1",
            0.965,
            "beta2",
            0.99,
            "rho",
            0.04,
            "weight_decay",
            0.1,
            "bs",
            1,
            "k",
            10,
            "when",
            0,
            "denom",
            0,
            "eps",
            1e-12);

    private final double beta1;
    private final double beta2;
    private final double rho;
    private final double weightDecay;
    private final double batchSize;
    private final long interval;
    private final boolean refreshAfter;
    private final boolean largerOfBoth;
    private final double epsilon;

    Sophia(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        rho = options.get("rho");
        weightDecay = options.get("weight_decay");
        batchSize = options.get("bs");
        interval = Math.round(options.get("k"));
        if (interval < 1) {
            throw new IllegalArgumentException("option k must be at least 1, was " + interval);
        }
        refreshAfter = options.flag("when");
        largerOfBoth = options.flag("denom");
        epsilon = options.get("eps");
    }

    @Override
    public List<String> state() {
        return List.of("exp_avg", "hessian");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        boolean before = !refreshAfter && (update.step() - 1) % interval == 0;
        boolean after = refreshAfter && update.step() % interval == 0;
        update.elementwise(x -> {
            Flat gradient = x.gradient();
            if (before) {
                refresh(x);
            }
            Flat parameters = x.decayedParameters(learningRate, weightDecay);
            Flat mean = x.state(0).lerp(gradient, 1 - beta1);
            Flat curvature = x.copyOf(x.state(1)).scale(rho * batchSize);
            if (largerOfBoth) {
                curvature.atLeast(epsilon);
            } else {
                curvature.add(1e-15);
            }
            parameters.add(x.copyOf(mean).divide(curvature).atLeast(-1).atMost(1), -learningRate);
            if (after) {
                refresh(x);
            }
        });
    }

    private void refresh(Update.Window x) {
        x.state(1).scale(beta2).addProduct(x.gradient(), x.gradient(), 1 - beta2);
    }
}
