package io.couplet.trainer.optimizers;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * MARS (Yuan et al. 2024, arXiv:2411.10438) as timm.optim.Mars: the gradient, corrected by its change since the last step and clipped to norm 1 per tensor,
 * goes through AdamW ({@code mars_type} 0) or the sign of its average ({@code mars_type} 1, Lion's form). Vectors go through AdamW uncorrected unless
 * {@code optimize_1d}, at {@code lr_1d_factor} times the rate.
 */
final class Mars implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "beta1",
            0.9,
            "beta2",
            0.99,
            "eps",
            1e-8,
            "weight_decay",
            0,
            "gamma",
            0.025,
            "mars_type",
            0,
            "optimize_1d",
            0,
            "lr_1d_factor",
            1);

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;
    private final double gamma;
    private final boolean signs;
    private final ToDoubleFunction<Tensors.Tensor> corrected;
    private final ToDoubleFunction<Tensors.Tensor> uncorrected;
    private final ToDoubleFunction<Tensors.Tensor> rateFactor;

    Mars(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        gamma = options.get("gamma");
        signs = options.flag("mars_type");
        boolean all = options.flag("optimize_1d");
        double vectorFactor = options.get("lr_1d_factor");
        corrected = tensor -> all || tensor.shape().size() >= 2 ? 1 : 0;
        uncorrected = tensor -> 1 - corrected.applyAsDouble(tensor);
        rateFactor = tensor -> corrected.applyAsDouble(tensor) == 1 ? 1 : vectorFactor;
    }

    @Override
    public List<String> state() {
        return List.of("exp_avg", "exp_avg_sq", "last_grad");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double correction1 = 1 - Math.pow(beta1, update.step());
        double correction2 = 1 - Math.pow(beta2, update.step());
        PerGroup matrices = update.constants(corrected);
        PerGroup others = update.constants(uncorrected);
        PerGroup rates = update.constants(rateFactor);
        boolean first = update.step() == 1;
        update.elementwise(x -> {
            Flat change = x.work(0).set(x.gradient());
            if (!first) {
                change.add(x.state(2), -1)
                        .scale(matrices)
                        .scale(gamma * beta1 / (1 - beta1))
                        .add(x.gradient(), 1);
            }
            x.state(2).set(x.gradient());
        });
        PerGroup clip = first
                ? matrices.plus(others)
                : update.norm(Grouping.TENSOR, x -> x.work(0))
                        .atLeast(1)
                        .inverse()
                        .times(matrices)
                        .plus(others);
        update.elementwise(x -> {
            Flat gradient = x.work(0).scale(clip);
            Flat mean = x.state(0).lerp(gradient, 1 - beta1);
            Flat square = x.state(1).scale(beta2).addProduct(gradient, gradient, 1 - beta2);
            Flat scale = x.copyOf(square)
                    .squareRoot()
                    .scale(1 / Math.sqrt(correction2))
                    .add(epsilon);
            Flat direction = x.copyOf(mean).divide(scale).scale(1 / correction1);
            if (signs) {
                direction.scale(others).add(x.copyOf(mean).sign().scale(matrices), 1);
            }
            if (weightDecay != 0) {
                direction.addProduct(x.decays(), x.parameters(), weightDecay);
            }
            x.parameters().add(direction.scale(rates), -learningRate);
        });
    }
}
