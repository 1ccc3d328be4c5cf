package io.couplet.trainer.optimizers;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon) as torch.optim.Muon, but in the buffers' own precision where torch iterates in bfloat16, and
 * for tensors of more than two dimensions too, seen as matrices of the first dimension by all others: the momentum is made nearly orthogonal by a
 * Newton–Schulz iteration. Vectors go through AdamW, at {@code fallback_lr_scale} times the rate.
 *
 * <p>{@code adjust_lr_fn}: 0 is torch's "original", √max(1, rows/columns) times the rate; 1 "match_rms_adamw", 0.2·√max(rows, columns), which makes the
 * size of a step that of AdamW, so that one rate fits both; 2 "rms_to_rms", √(rows/columns).
 *
 * <p>{@code timm_routing} sends those tensors through AdamW too (with {@code nesterov}: NAdamW) that timm.optim.Muon would not make orthogonal: a leading or
 * second dimension of 1, a side shorter than 4, one side more than 128 times the other.
 */
final class Muon implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "momentum",
            0.95,
            "weight_decay",
            0.1,
            "nesterov",
            1,
            "ns_steps",
            5,
            "eps",
            1e-7,
            "adjust_lr_fn",
            1,
            "adamw_beta1",
            0.9,
            "adamw_beta2",
            0.999,
            "adamw_eps",
            1e-8,
            "fallback_lr_scale",
            1,
            "timm_routing",
            0);

    private static final double A = 3.4445;
    private static final double B = -4.7750;
    private static final double C = 2.0315;
    private static final int SHORTEST_SIDE = 4;
    private static final int LARGEST_ASPECT = 128;

    private final double momentum;
    private final double weightDecay;
    private final boolean nesterov;
    private final long iterations;
    private final double epsilon;
    private final double beta1;
    private final double beta2;
    private final double adamEpsilon;
    private final double fallbackScale;
    private final boolean timmRouting;
    private final ToDoubleFunction<Tensors.Tensor> orthogonalRate;
    private final ToDoubleFunction<Tensors.Tensor> fallbackRate;
    private final ToDoubleFunction<Tensors.Tensor> rate;
    private final ToDoubleFunction<Tensors.Tensor> entering;
    private final ToDoubleFunction<Tensors.Tensor> ahead;

    Muon(Options options) {
        momentum = options.get("momentum");
        weightDecay = options.get("weight_decay");
        nesterov = options.flag("nesterov");
        iterations = Math.round(options.get("ns_steps"));
        epsilon = options.get("eps");
        beta1 = options.get("adamw_beta1");
        beta2 = options.get("adamw_beta2");
        adamEpsilon = options.get("adamw_eps");
        fallbackScale = options.get("fallback_lr_scale");
        timmRouting = options.flag("timm_routing");
        int adjustment = (int) options.get("adjust_lr_fn");
        orthogonalRate = tensor -> orthogonal(tensor) ? adjustment(adjustment, tensor) : 0;
        fallbackRate = tensor -> orthogonal(tensor) ? 0 : fallbackScale;
        rate = tensor -> orthogonal(tensor) ? 1 : fallbackScale;
        entering = tensor -> 1 - (orthogonal(tensor) ? momentum : beta1);
        // How far the direction goes on from the momentum to the gradient.
        ahead = tensor ->
                orthogonal(tensor) ? (nesterov ? 1 - momentum : 0) : (nesterov && timmRouting ? 1 - beta1 : 0);
    }

    private boolean orthogonal(Tensors.Tensor tensor) {
        List<Integer> shape = tensor.shape();
        if (shape.size() < 2) {
            return false;
        }
        int shorter = Math.min(shape.get(0), tensor.columns());
        int longer = Math.max(shape.get(0), tensor.columns());
        return !timmRouting
                || shape.get(0) > 1
                        && shape.get(1) > 1
                        && shorter >= SHORTEST_SIDE
                        && longer <= LARGEST_ASPECT * shorter;
    }

    private static double adjustment(int function, Tensors.Tensor tensor) {
        double rows = tensor.shape().get(0);
        double columns = tensor.columns();
        return switch (function) {
            case 0 -> Math.sqrt(Math.max(1, rows / columns));
            case 1 -> 0.2 * Math.sqrt(Math.max(rows, columns));
            case 2 -> Math.sqrt(rows / columns);
            default -> throw new IllegalArgumentException("option adjust_lr_fn must be 0, 1 or 2, was " + function);
        };
    }

    @Override
    public List<String> state() {
        return List.of("momentum_buffer", "exp_avg_sq");
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double correction1 = 1 - Math.pow(beta1, update.step());
        double correction2 = 1 - Math.pow(beta2, update.step());
        PerGroup weights = update.constants(entering);
        PerGroup onwards = update.constants(ahead);
        update.elementwise(x -> {
            Flat gradient = x.gradient();
            Flat mean = x.state(0);
            mean.add(x.copyOf(gradient).add(mean, -1).scale(weights), 1);
            x.work(0).set(mean).add(x.copyOf(gradient).add(mean, -1).scale(onwards), 1);
            // Where matrices are, AdamW's direction is multiplied by zero below.
            Flat square = x.state(1).scale(beta2).addProduct(gradient, gradient, 1 - beta2);
            Flat scale = x.copyOf(square)
                    .squareRoot()
                    .scale(1 / Math.sqrt(correction2))
                    .add(adamEpsilon);
            x.work(1).set(x.work(0)).divide(scale).scale(1 / correction1);
        });
        update.matrices(0, this::orthogonal, this::orthogonalised);
        PerGroup matrixRates = update.constants(orthogonalRate);
        PerGroup otherRates = update.constants(fallbackRate);
        PerGroup rates = update.constants(rate);
        update.elementwise(x -> {
            Flat parameters = x.parameters();
            if (weightDecay != 0) {
                parameters.addProduct(x.decays(), x.copyOf(parameters).scale(rates), -learningRate * weightDecay);
            }
            parameters
                    .add(x.work(0).scale(matrixRates), -learningRate)
                    .add(x.work(1).scale(otherRates), -learningRate);
        });
    }

    /** All singular values near one: five times X ← aX + (bXXᵀ + c(XXᵀ)²)X, of the wide one of matrix and transpose. */
    private Matrix orthogonalised(Matrix matrix) {
        boolean tall = matrix.rows() > matrix.columns();
        Matrix x = (tall ? matrix.transpose() : matrix).normalised(epsilon);
        for (int i = 0; i < iterations; i++) {
            Matrix gram = x.times(x.transpose());
            x = x.combined(A, gram.combined(B, gram.times(gram), C).times(x), 1);
        }
        return tall ? x.transpose() : x;
    }
}
