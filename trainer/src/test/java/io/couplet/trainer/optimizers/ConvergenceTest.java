package io.couplet.trainer.optimizers;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.trainer.optimizers.Tensors.Tensor;
import io.couplet.trainer.training.Torch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every optimizer finds the minimum of three functions of two variables, without weight decay, at a rate from its paper or code that was made fit for such small
 * problems; the rate falls along half a cosine. A tensor is the whole point, so that rules per tensor see both variables.
 */
class ConvergenceTest {

    /** A function, its gradient and where to begin. All have their minimum, zero, away from the origin. */
    private record Problem(double[] start, ToDoubleFunction<double[]> value, UnaryOperator<double[]> gradient) {}

    private static final Map<String, Problem> PROBLEMS = Map.of(
            // Rosenbrock 1960: minimum at (1, 1), at the end of a bent valley.
            "rosenbrock",
            new Problem(new double[] {-1.2, 1}, x -> square(1 - x[0]) + 100 * square(x[1] - x[0] * x[0]), x ->
                    new double[] {-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] * x[0]), 200 * (x[1] - x[0] * x[0])}),
            // Condition number 100: minimum at (1, −1).
            "quadratic",
            new Problem(new double[] {3, 2}, x -> 0.5 * (square(x[0] - 1) + 100 * square(x[1] + 1)), x ->
                    new double[] {x[0] - 1, 100 * (x[1] + 1)}),
            // Beale 1958: minimum at (3, 0.5), on a plateau.
            "beale",
            new Problem(
                    new double[] {1, 1},
                    x -> square(1.5 - x[0] + x[0] * x[1])
                            + square(2.25 - x[0] + x[0] * x[1] * x[1])
                            + square(2.625 - x[0] + x[0] * x[1] * x[1] * x[1]),
                    x -> {
                        double a = 1.5 - x[0] + x[0] * x[1];
                        double b = 2.25 - x[0] + x[0] * x[1] * x[1];
                        double c = 2.625 - x[0] + x[0] * x[1] * x[1] * x[1];
                        return new double[] {
                            2 * a * (x[1] - 1) + 2 * b * (x[1] * x[1] - 1) + 2 * c * (x[1] * x[1] * x[1] - 1),
                            2 * a * x[0] + 4 * b * x[0] * x[1] + 6 * c * x[0] * x[1] * x[1]
                        };
                    }));

    private static double square(double x) {
        return x * x;
    }

    /** The function's value in the end must lie below this; at the start it is 24.2, 452 and 14.2. */
    private static final double THRESHOLD = 1e-3;

    private static final int STEPS = 10_000;

    @BeforeAll
    static void startTorch() {
        Torch.start();
    }

    @ParameterizedTest
    @CsvSource({
        "sgd, 0.003, 0.01, 0.01",
        "sgdp, 0.003, 0.01, 0.01",
        "lion, 0.01, 0.01, 0.01",
        "adam, 0.01, 0.01, 0.01",
        "adamax, 0.01, 0.01, 0.01",
        "nadam, 0.01, 0.01, 0.01",
        "adamw, 0.01, 0.01, 0.01",
        "lamb, 0.01, 0.01, 0.01",
        "radam, 0.006, 0.01, 0.006",
        "adamp, 0.01, 0.01, 0.01",
        "adan, 0.01, 0.01, 0.01",
        "adabound, 0.1, 0.1, 0.1",
        "lars, 1, 1, 1",
        "adafactor, 0.01, 0.01, 0.01",
        "adabelief, 0.01, 0.01, 0.01",
        "novograd, 0.01, 0.01, 0.01",
        "sophia, 0.01, 0.01, 0.01",
        "adagrad, 0.3, 0.3, 0.3",
        "adadelta, 1, 1, 1",
        "rmsprop, 0.01, 0.01, 0.01",
        "muon, 0.01, 0.01, 0.01",
        "schedule-free-adamw, 0.01, 0.01, 0.01",
        "adopt, 1, 0.3, 0.3",
        "mars, 0.01, 0.01, 0.01"
    })
    void findsTheMinimum(String name, double rosenbrock, double quadratic, double beale) {
        assertThat(minimised(name, "rosenbrock", rosenbrock)).isLessThan(THRESHOLD);
        assertThat(minimised(name, "quadratic", quadratic)).isLessThan(THRESHOLD);
        assertThat(minimised(name, "beale", beale)).isLessThan(THRESHOLD);
    }

    @Test
    void theTableHoldsEveryOptimizer() throws NoSuchMethodException {
        String[] rows = ConvergenceTest.class
                .getDeclaredMethod("findsTheMinimum", String.class, double.class, double.class, double.class)
                .getAnnotation(CsvSource.class)
                .value();
        assertThat(List.of(rows).stream().map(row -> row.substring(0, row.indexOf(','))))
                .containsExactlyElementsOf(Optimizers.names());
    }

    /** The function's value after the last step. */
    static double minimised(String name, String problemName, double peak) {
        Problem problem = Objects.requireNonNull(PROBLEMS.get(problemName));
        Optimizers.Entry entry = Optimizers.entry(name);
        Map<String, Double> options = new LinkedHashMap<>(Map.of("weight_decay", 0.0));
        if (name.equals("lars")) {
            // Without decay LARS would be plain momentum.
            options.put("always_adapt", 1.0);
        }
        if (name.equals("adabound")) {
            // It ends as momentum at this rate, which Rosenbrock's function bears only when it is small.
            options.put("final_lr", 1e-3);
        }
        // Muon and Adafactor treat matrices apart: they get the point as one.
        List<Integer> shape = List.of(1, 2);
        Optimizer optimizer = entry.constructor().apply(entry.defaults().with(options));
        Tensors tensors = new Tensors(List.of(new Tensor(0, shape, true)));
        float[] start = {(float) problem.start()[0], (float) problem.start()[1]};
        try (OnCpu updater = new OnCpu(optimizer, tensors, start)) {
            for (int step = 1; step <= STEPS; step++) {
                float[] point = updater.parameters();
                double[] gradient = problem.gradient().apply(new double[] {point[0], point[1]});
                double rate = entry.scheduleFree() ? peak : peak * (1 + Math.cos(Math.PI * (step - 1) / STEPS)) / 2;
                updater.step(new float[] {(float) gradient[0], (float) gradient[1]}, rate, Double.POSITIVE_INFINITY);
            }
            float[] evaluated = updater.evaluationParameters();
            return problem.value().applyAsDouble(new double[] {evaluated[0], evaluated[1]});
        }
    }
}
