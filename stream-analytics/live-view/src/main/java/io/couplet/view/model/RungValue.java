package io.couplet.view.model;

import org.jspecify.annotations.Nullable;

/**
 * A cell at one rung.
 *
 * @param rung 1-based index of the rung
 * @param fraction fraction of the budget
 * @param accuracy top-1 accuracy, a fraction; of the best hyper-parameter point, mean over seeds
 * @param accuracyStandardError over seeds; null with fewer than two
 * @param scored true when accuracy comes from the cell's coupling score, false when from evaluations that wait for it
 * @param runs runs of the cell that the score is made of, all hyper-parameter points together; 0 when not scored
 * @param seeds seeds the accuracy is a mean of
 * @param coupling residual of the median polish, percentage points
 * @param couplingLower lower end of its 95 % interval
 * @param couplingUpper upper end of its 95 % interval
 * @param learningRate peak learning rate of the best point
 * @param weightDecay weight decay of the best point
 * @param diverged whether the cell counts as chance level
 * @param failed whether it falls under the paper's failure rule
 * @param indistinguishableFromBest whether it cannot be told apart from its backbone's best optimizer
 * @param deviceSeconds device seconds to this rung, mean over seeds
 */
public record RungValue(
        int rung,
        double fraction,
        @Nullable Double accuracy,
        @Nullable Double accuracyStandardError,
        boolean scored,
        int runs,
        int seeds,
        @Nullable Double coupling,
        @Nullable Double couplingLower,
        @Nullable Double couplingUpper,
        @Nullable Double learningRate,
        @Nullable Double weightDecay,
        boolean diverged,
        boolean failed,
        boolean indistinguishableFromBest,
        @Nullable Double deviceSeconds) {}
