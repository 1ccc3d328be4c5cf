package io.couplet.trainer.training;

/** Hears of a training as it goes, on the training's own thread. */
public interface TrainingListener {

    void onStep(StepResult step);

    void onEvaluation(EvaluationResult evaluation);
}
