package io.couplet.trainer.optimizers;

import java.util.List;

/** A rule that turns gradients into steps. It holds options only; what it remembers is in the vectors it names. */
public interface Optimizer {

    /** Names of the vectors it keeps between steps. */
    List<String> state();

    /** One step. */
    void apply(Update update);
}
