package io.couplet.trainer.checkpoints;

import io.couplet.trainer.optimizers.OptimizerState;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The state of a training after a step.
 *
 * @param step the last step trained
 * @param parameters the flat buffer of what is trained
 * @param buffers the flat buffer of running statistics
 * @param optimizer what the optimizer remembers
 * @param extensions further vectors by name, such as an average of the weights; empty when there are none
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of bulk data: nobody compares checkpoints
public record Checkpoint(
        int step, float[] parameters, float[] buffers, OptimizerState optimizer, Map<String, float[]> extensions) {

    public Checkpoint {
        if (step < 1) {
            throw new IllegalArgumentException("step must be at least 1, was " + step);
        }
        extensions = Collections.unmodifiableMap(new LinkedHashMap<>(extensions));
    }
}
