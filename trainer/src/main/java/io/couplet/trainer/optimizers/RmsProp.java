package io.couplet.trainer.optimizers;

import java.util.ArrayList;
import java.util.List;

/**
 * RMSProp (Hinton 2012, lecture 6e) as torch.optim.RMSprop: epsilon outside the root, weight decay as an L2 penalty or, with {@code decoupled_decay}, on its
 * own.
 *
 * <p>With {@code tf}, as timm.optim.RMSpropTF (TensorFlow's form; give it alpha 0.9 and eps 1e-10): the averaged squares begin at one, epsilon is inside the
 * root, and with {@code lr_in_momentum} the momentum holds steps that are multiplied by the rate already.
 */
final class RmsProp implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "alpha",
            0.99,
            "eps",
            1e-8,
            "weight_decay",
            0,
            "momentum",
            0,
            "centered",
            0,
            "tf",
            0,
            "decoupled_decay",
            0,
            "lr_in_momentum",
            1);

    private final double alpha;
    private final double epsilon;
    private final double weightDecay;
    private final double momentum;
    private final boolean centered;
    private final boolean tensorFlow;
    private final boolean decoupled;
    private final boolean rateInMomentum;

    RmsProp(Options options) {
        alpha = options.get("alpha");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        momentum = options.get("momentum");
        centered = options.flag("centered");
        tensorFlow = options.flag("tf");
        decoupled = options.flag("decoupled_decay");
        rateInMomentum = tensorFlow && options.flag("lr_in_momentum");
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
            Flat parameters = decoupled ? x.decayedParameters(learningRate, weightDecay) : x.parameters();
            Flat gradient = decoupled ? x.gradient() : x.gradientWithPenalty(weightDecay);
            Flat square = x.state(0);
            if (tensorFlow && update.step() == 1) {
                square.add(1);
            }
            square.scale(alpha).addProduct(gradient, gradient, 1 - alpha);
            Flat scale = x.copyOf(square);
            if (centered) {
                Flat mean = x.state(1).lerp(gradient, 1 - alpha);
                scale.addProduct(mean, mean, -1);
            }
            if (tensorFlow) {
                scale.add(epsilon).squareRoot();
            } else {
                scale.squareRoot().add(epsilon);
            }
            if (momentum == 0) {
                parameters.addQuotient(gradient, scale, -learningRate);
            } else {
                Flat moving =
                        x.state(buffer).scale(momentum).addQuotient(gradient, scale, rateInMomentum ? learningRate : 1);
                parameters.add(moving, rateInMomentum ? -1 : -learningRate);
            }
        });
    }
}
