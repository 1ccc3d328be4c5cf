package io.couplet.trainer.optimizers;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Adafactor (Shazeer and Stern 2018, arXiv:1804.04235): the squares of a matrix's gradients are kept as row and column means, and the size of an update is
 * bounded by {@code d}.
 *
 * <p>As torch.optim.Adafactor: every tensor of two or more dimensions is factored over its last two, and the rate is the smaller of learning rate and
 * 1/√step, times the parameters' root mean square (at least {@code eps2}); {@code eps1} 0 is the machine epsilon.
 *
 * <p>With {@code timm}, as timm.optim.Adafactor: {@code eps1} is added to the squares; of a kernel the first two dimensions are factored, else the last two,
 * if both are longer than {@code min_dim_size_to_factor}; the learning rate is taken as it is. With {@code relative_step} it is an upper bound: the
 * smaller of it (with {@code warmup_init}: of 1e-6 · step) and 1/√step, with {@code scale_parameter} times the root mean square. {@code beta1} above 0
 * keeps an average of the updates.
 */
final class Adafactor implements Optimizer {
    static final Options DEFAULTS = Options.defaults(
            "beta2_decay",
            -0.8,
            "eps1",
            0,
            "eps2",
            1e-3,
            "d",
            1,
            "weight_decay",
            0,
            "timm",
            0,
            "beta1",
            0,
            "relative_step",
            0,
            "scale_parameter",
            1,
            "warmup_init",
            0,
            "min_dim_size_to_factor",
            16);

    private final double decay;
    private final double epsilon1;
    private final double epsilon2;
    private final double threshold;
    private final double weightDecay;
    private final boolean timm;
    private final double beta1;
    private final boolean relativeStep;
    private final boolean scaleParameter;
    private final boolean warmup;
    private final double shortest;
    private final Grouping rows = shape -> reduced(shape, 1);
    private final Grouping columns = shape -> reduced(shape, 0);
    private final Grouping both = shape -> reduced(shape, 0, 1);
    private final ToDoubleFunction<Tensors.Tensor> factored =
            tensor -> factoredAxes(tensor.shape()).isEmpty() ? 0 : 1;
    private final ToDoubleFunction<Tensors.Tensor> inverseRowSize = tensor -> inverseSize(tensor.shape(), 1);
    private final ToDoubleFunction<Tensors.Tensor> inverseColumnSize = tensor -> inverseSize(tensor.shape(), 0);
    private final ToDoubleFunction<Tensors.Tensor> inverseRootSize = tensor -> 1 / Math.sqrt(tensor.size());
    private final ToDoubleFunction<Tensors.Tensor> one = tensor -> 1;

    Adafactor(Options options) {
        decay = options.get("beta2_decay");
        epsilon1 = options.get("eps1");
        epsilon2 = options.get("eps2");
        threshold = options.get("d");
        weightDecay = options.get("weight_decay");
        timm = options.flag("timm");
        beta1 = options.get("beta1");
        relativeStep = options.flag("relative_step");
        scaleParameter = options.flag("scale_parameter");
        warmup = options.flag("warmup_init");
        shortest = options.get("min_dim_size_to_factor");
    }

    /** Two axes, ascending, or none. */
    private List<Integer> factoredAxes(List<Integer> shape) {
        int n = shape.size();
        if (!timm) {
            return n < 2 ? List.of() : List.of(n - 2, n - 1);
        }
        if (n > 2 && shape.get(0) > shortest && shape.get(1) > shortest) {
            return List.of(0, 1);
        }
        return n >= 2 && shape.get(n - 2) > shortest && shape.get(n - 1) > shortest ? List.of(n - 2, n - 1) : List.of();
    }

    /** Which of the factored axes to reduce. Without any, the row means are the squares themselves, and the others are one number that is not used. */
    private List<Integer> reduced(List<Integer> shape, int... which) {
        List<Integer> axes = factoredAxes(shape);
        if (!axes.isEmpty()) {
            return IntStream.of(which).mapToObj(axes::get).toList();
        }
        boolean rowMeans = which.length == 1 && which[0] == 1;
        return rowMeans ? List.of() : IntStream.range(0, shape.size()).boxed().toList();
    }

    private double inverseSize(List<Integer> shape, int which) {
        List<Integer> axes = factoredAxes(shape);
        return axes.isEmpty() ? 1 : 1.0 / shape.get(axes.get(which));
    }

    @Override
    public List<String> state() {
        return beta1 > 0 ? List.of("exp_avg") : List.of();
    }

    @Override
    public Map<String, Grouping> numbers() {
        Map<String, Grouping> numbers = new LinkedHashMap<>();
        numbers.put("row_var", rows);
        numbers.put("col_var", columns);
        return numbers;
    }

    @Override
    public void apply(Update update) {
        double learningRate = update.learningRate();
        double entering = Math.pow(update.step(), decay);
        double epsilon = epsilon1 == 0 ? update.machineEpsilon() : epsilon1;
        PerGroup row = average(update, 0, rows, inverseRowSize, entering, epsilon);
        PerGroup column = average(update, 1, columns, inverseColumnSize, entering, epsilon);
        PerGroup ones = update.constants(one);
        PerGroup factoring = update.constants(factored);
        PerGroup mean =
                update.mean(both, x -> x.copyOf(x.gradient()).clear().add(1).scale(row));
        PerGroup inverseMean = (timm ? mean : mean.atLeast(epsilon)).inverse().where(factoring, ones);
        PerGroup columnFactor = column.where(factoring, ones);
        update.elementwise(x -> {
            Flat square = x.copyOf(x.gradient())
                    .clear()
                    .add(1)
                    .scale(row)
                    .scale(inverseMean)
                    .scale(columnFactor);
            if (!timm) {
                square.atLeast(epsilon * epsilon);
            }
            x.work(0).set(x.gradient()).divide(square.squareRoot());
        });
        PerGroup rate = rate(update, ones);
        PerGroup factors = update.norm(Grouping.TENSOR, x -> x.work(0))
                .times(update.constants(inverseRootSize))
                .times(1 / threshold)
                .atLeast(1)
                .inverse()
                .times(rate);
        PerGroup decays = (timm ? rate : ones.times(learningRate)).times(-weightDecay);
        update.elementwise(x -> {
            Flat parameters = x.parameters();
            if (weightDecay != 0) {
                parameters.addProduct(x.decays(), x.copyOf(parameters).scale(decays), 1);
            }
            Flat change = x.work(0).scale(factors);
            parameters.add(beta1 > 0 ? x.state(0).lerp(change, 1 - beta1) : change, -1);
        });
    }

    private PerGroup average(
            Update update,
            int index,
            Grouping grouping,
            ToDoubleFunction<Tensors.Tensor> inverseSize,
            double entering,
            double epsilon) {
        PerGroup means = update.dot(grouping, Update.Window::gradient, Update.Window::gradient)
                .times(update.constants(inverseSize));
        PerGroup average =
                update.numbers(index).times(1 - entering).plus((timm ? means.plus(epsilon) : means).times(entering));
        update.keep(index, average);
        return average;
    }

    /** The rate of each tensor. */
    private PerGroup rate(Update update, PerGroup ones) {
        double learningRate = update.learningRate();
        if (timm && !relativeStep) {
            return ones.times(learningRate);
        }
        double bound = timm && warmup ? 1e-6 * update.step() : learningRate;
        double rate = Math.min(bound, 1 / Math.sqrt(update.step()));
        if (timm && !scaleParameter) {
            return ones.times(rate);
        }
        return update.norm(Grouping.TENSOR, Update.Window::parameters)
                .times(update.constants(inverseRootSize))
                .atLeast(epsilon2)
                .times(rate);
    }
}
