package io.couplet.trainer.optimizers;

import java.util.ArrayList;
import java.util.List;

/** RMSProp (Hinton 2012, lecture 6e) as torch.optim.RMSprop: epsilon outside the root, weight decay as an L2 penalty. */
final class RmsProp implements Optimizer {
    static final Options DEFAULTS =
            Options.defaults("alpha", 0.99, "eps", 1e-8, "weight_decay", 0, "momentum", 0, "centered", 0);

    private final double alpha;
    private final double epsilon;
    private final double weightDecay;
    private final double momentum;
    private final boolean centered;

    RmsProp(Options options) {
        alpha = options.get("alpha");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        momentum = options.get("momentum");
        centered = options.flag("centered");
    }

    @Override
    public List<String> state() {
        List<String> names = new ArrayList<>(List.of("square_avg"));
        if (centered) {
            names.add("grad_avg");
        }
        if (momentum != 0) {
            names.add("momentum_buffer");
        }
        return names;
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        int buffer = state().indexOf("momentum_buffer");
        update.elementwise(x -> {
            Flat gradient = x.gradientWithPenalty(weightDecay);
            Flat square = x.state(0).scale(alpha).addProduct(gradient, gradient, 1 - alpha);
            Flat scale = x.copyOf(square);
            if (centered) {
                Flat mean = x.state(1).lerp(gradient, 1 - alpha);
                scale.addProduct(mean, mean, -1);
            }
            scale.squareRoot().add(epsilon);
            if (momentum == 0) {
                x.parameters().addQuotient(gradient, scale, -learningRate);
            } else {
                x.parameters().add(x.state(buffer).scale(momentum).addQuotient(gradient, scale, 1), -learningRate);
            }
        });
    }
}
