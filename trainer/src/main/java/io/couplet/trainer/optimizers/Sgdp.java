package io.couplet.trainer.optimizers;

import java.util.List;

/** SGDP (Heo et al. 2021, arXiv:2006.08217) as timm.optim.SGDP: momentum without its radial part; the decay is decoupled and weaker where that was removed. */
final class Sgdp implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "momentum",
            0.9,
            "dampening",
            0,
            "weight_decay",
            0,
            "nesterov",
            0,
            "eps",
            1e-8,
            "delta",
            0.1,
            "wd_ratio",
            0.1);

    private final double momentum;
    private final double dampening;
    private final double weightDecay;
    private final boolean nesterov;
    private final double decayRatio;
    private final Projection projection;

    Sgdp(Options options) {
        momentum = options.get("momentum");
        if (momentum >= 1) {
            throw new IllegalArgumentException("option momentum must be below 1, was " + momentum);
        }
        dampening = options.get("dampening");
        weightDecay = options.get("weight_decay");
        nesterov = options.flag("nesterov");
        decayRatio = options.get("wd_ratio");
        projection = new Projection(options.get("delta"), options.get("eps"));
    }

    @Override
    public List<String> state() {
        return List.of("momentum_buffer");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        update.elementwise(x -> {
            Flat buffer = x.state(0).scale(momentum).add(x.gradient(), 1 - dampening);
            Flat direction = x.work(0).set(nesterov ? x.gradient() : buffer);
            if (nesterov) {
                direction.add(buffer, momentum);
            }
        });
        PerGroup decay = projection
                .apply(update)
                .times(decayRatio - 1)
                .plus(1)
                .times(-learningRate * weightDecay / (1 - momentum));
        update.elementwise(x -> {
            if (weightDecay != 0) {
                x.parameters().addProduct(x.decays(), x.copyOf(x.parameters()).scale(decay), 1);
            }
            x.parameters().add(x.work(0), -learningRate);
        });
    }
}
