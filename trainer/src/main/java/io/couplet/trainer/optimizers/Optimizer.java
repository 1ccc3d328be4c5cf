package io.couplet.trainer.optimizers;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A rule that turns gradients into steps. It holds options only; what it remembers is in the vectors and numbers it names. */
public interface Optimizer {

    /** Names of the vectors it keeps between steps. */
    List<String> state();

    /** Names of the numbers that it keeps between steps and that no device computes: sums over learning rates and the like. */
    default List<String> scalars() {
        return List.of();
    }

    /** Names and groupings of the numbers it keeps per group of elements between steps. */
    default Map<String, Grouping> numbers() {
        return Map.of();
    }

    /** One step. */
    void apply(Update update);

    /**
     * The parameters to evaluate with, where those are others than the trained ones: a formula that writes into a copy and reads nothing but parameters and
     * state. It is not asked before the first step.
     */
    default Optional<Function<Update.Window, Flat>> evaluationParameters() {
        return Optional.empty();
    }
}
