package io.couplet.schemas.study;

import java.util.List;

/**
 * The points at which pairings are trained: every learning rate with every weight decay.
 *
 * @param learningRates peak learning rates; empty for each optimizer's default
 * @param weightDecays weight decays; empty for each optimizer's default
 */
public record HyperparameterGrid(List<Double> learningRates, List<Double> weightDecays) {

    /** One point: each optimizer's defaults. */
    public static final HyperparameterGrid DEFAULTS = new HyperparameterGrid(List.of(), List.of());

    public HyperparameterGrid {
        learningRates = List.copyOf(learningRates);
        weightDecays = List.copyOf(weightDecays);
        Bounds.LEARNING_RATE.requireAll("hyperparameters.learning-rates", learningRates);
        Bounds.WEIGHT_DECAY.requireAll("hyperparameters.weight-decays", weightDecays);
    }

    /** Number of points. */
    public int points() {
        return Math.max(1, learningRates.size()) * Math.max(1, weightDecays.size());
    }

    /** What an optimizer's own options leave of it: their learning rates and weight decays in place of these. */
    HyperparameterGrid overriddenBy(OptimizerOptions own) {
        return new HyperparameterGrid(
                own.learningRates().isEmpty() ? learningRates : own.learningRates(),
                own.weightDecays().isEmpty() ? weightDecays : own.weightDecays());
    }
}
