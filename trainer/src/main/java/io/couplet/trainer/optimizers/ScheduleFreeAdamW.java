package io.couplet.trainer.optimizers;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Schedule-Free AdamW (Defazio et al. 2024, arXiv:2405.15682) as facebookresearch/schedule_free: the gradient is taken at y, between the fast iterate z and the
 * weighted mean x of all z so far; x is what is evaluated. Decay is taken at y. It wants a constant rate, after a warm-up that {@code warmup_steps}
 * may do here if no schedule does it.
 */
final class ScheduleFreeAdamW implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "beta1",
            0.9,
            "beta2",
            0.999,
            "eps",
            1e-8,
            "weight_decay",
            0,
            "warmup_steps",
            0,
            "r",
            0,
            "weight_lr_power",
            2);

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;
    private final double warmupSteps;
    private final double stepPower;
    private final double ratePower;

    ScheduleFreeAdamW(Options options) {
        beta1 = options.get("beta1");
        if (!(beta1 > 0 && beta1 < 1)) {
            throw new IllegalArgumentException("option beta1 must be in (0, 1), was " + beta1);
        }
        beta2 = options.get("beta2");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        warmupSteps = options.get("warmup_steps");
        stepPower = options.get("r");
        ratePower = options.get("weight_lr_power");
    }

    @Override
    public List<String> state() {
        return List.of("z", "exp_avg_sq");
    }

    @Override
    public List<String> scalars() {
        return List.of("lr_max", "weight_sum");
    }

    @Override
    public void apply(Update update) {
        long step = update.step();
        double rate = update.learningRate() * (step < warmupSteps ? step / warmupSteps : 1);
        double highest = Math.max(rate, update.scalar(0));
        double weight = Math.pow(step, stepPower) * Math.pow(highest, ratePower);
        double sum = update.scalar(1) + weight;
        update.keep(0, highest);
        update.keep(1, sum);
        double share = sum == 0 ? 0 : weight / sum;
        double correction2 = 1 - Math.pow(beta2, step);
        update.elementwise(x -> {
            Flat y = x.parameters();
            Flat z = x.state(0);
            if (step == 1) {
                z.set(y);
            }
            Flat gradient = x.gradient();
            Flat square = x.state(1).scale(beta2).addProduct(gradient, gradient, 1 - beta2);
            Flat direction = gradient.divide(
                    x.copyOf(square).scale(1 / correction2).squareRoot().add(epsilon));
            if (weightDecay != 0) {
                direction.addProduct(x.decays(), y, weightDecay);
            }
            y.lerp(z, share).add(direction, rate * (beta1 * (1 - share) - 1));
            z.add(direction, -rate);
        });
    }

    /** x = y + (1 − 1/β₁)(z − y) */
    @Override
    public Optional<Function<Update.Window, Flat>> evaluationParameters() {
        return Optional.of(window -> window.copyOf(window.parameters()).lerp(window.state(0), 1 - 1 / beta1));
    }
}
