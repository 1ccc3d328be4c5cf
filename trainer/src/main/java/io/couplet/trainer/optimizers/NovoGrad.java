package io.couplet.trainer.optimizers;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * NovoGrad (Ginsburg et al. 2019, arXiv:1905.11286) as timm.optim.NvNovoGrad: one second moment per tensor, which begins with the first gradient's; the decay
 * enters the momentum.
 */
final class NovoGrad implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "beta1", 0.95, "beta2", 0.98, "eps", 1e-8, "weight_decay", 0, "grad_averaging", 0, "amsgrad", 0);

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;
    private final double entering;
    private final boolean amsgrad;

    NovoGrad(Options options) {
        beta1 = options.get("beta1");
        beta2 = options.get("beta2");
        epsilon = options.get("eps");
        weightDecay = options.get("weight_decay");
        entering = options.flag("grad_averaging") ? 1 - beta1 : 1;
        amsgrad = options.flag("amsgrad");
    }

    @Override
    public List<String> state() {
        return List.of("exp_avg");
    }

    @Override
    public Map<String, Grouping> numbers() {
        Map<String, Grouping> numbers = new LinkedHashMap<>();
        numbers.put("exp_avg_sq", Grouping.TENSOR);
        if (amsgrad) {
            numbers.put("max_exp_avg_sq", Grouping.TENSOR);
        }
        return numbers;
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        PerGroup square = update.dot(Grouping.TENSOR, Update.Window::gradient, Update.Window::gradient);
        PerGroup before = update.numbers(0);
        PerGroup average = before.times(beta2).plus(square.times(1 - beta2)).where(before, square);
        update.keep(0, average);
        PerGroup used = average;
        if (amsgrad) {
            PerGroup largest = update.numbers(1);
            used = average.where(largest.below(average), largest);
            update.keep(1, used);
        }
        PerGroup factors = used.squareRoot().plus(epsilon).inverse();
        update.elementwise(x -> {
            Flat direction = x.gradient().scale(factors);
            if (weightDecay != 0) {
                direction.addProduct(x.decays(), x.parameters(), weightDecay);
            }
            x.parameters().add(x.state(0).scale(beta1).add(direction, entering), -learningRate);
        });
    }
}
