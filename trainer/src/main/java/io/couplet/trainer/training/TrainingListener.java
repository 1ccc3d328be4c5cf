package io.couplet.trainer.training;

import io.couplet.trainer.backbones.ParameterLayout;
import java.util.function.Supplier;

/** Hears of a training as it goes, on the training's own thread. */
public interface TrainingListener {

    void onStep(StepResult step);

    void onEvaluation(EvaluationResult evaluation);

    /**
     * After each evaluation: whoever wants the weights takes them now.
     *
     * @param parameters copies the flat buffer when it is asked
     */
    default void onWeights(int step, ParameterLayout layout, Supplier<float[]> parameters) {}
}
