package io.couplet.trainer.optimizers;

import java.util.List;

/** Stochastic gradient descent with momentum, as torch.optim.SGD: the momentum holds gradients, and the first one enters undampened. */
final class Sgd implements Optimizer {
    static final Options DEFAULTS = Options.defaults("momentum", 0.9, "dampening", 0, "weight_decay", 0, "nesterov", 0);

    private final double momentum;
    private final double dampening;
    private final double weightDecay;
    private final boolean nesterov;

    Sgd(Options options) {
        momentum = options.get("momentum");
        dampening = options.get("dampening");
        weightDecay = options.get("weight_decay");
        nesterov = options.flag("nesterov");
    }

    @Override
    public List<String> state() {
        return momentum == 0 ? List.of() : List.of("momentum_buffer");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double entering = update.step() == 1 ? 1 : 1 - dampening;
        update.elementwise(x -> {
            Flat direction = x.gradientWithPenalty(weightDecay);
            if (momentum != 0) {
                Flat buffer = x.state(0).scale(momentum).add(direction, entering);
                direction = nesterov ? direction.add(buffer, momentum) : buffer;
            }
            x.parameters().add(direction, -learningRate);
        });
    }
}
