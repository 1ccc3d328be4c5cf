package io.couplet.trainer.worker;

import io.couplet.trainer.optimizers.Optimizers;

/**
 * The five learning rates and five weight decays around an optimizer's own, which a study's {@code hyperparameters: grid} asks for by steps from -2 to 2. The grid
 * of a study is one for all its optimizers in steps, and one for each in values; so the distance between two points can be told in steps (paper, A.3).
 */
final class GridPlaces {
    static final int REACH = 2;

    private static final double LEARNING_RATE_FACTOR = 2;
    /** Accuracy hangs on the weight decay less than on the learning rate: its grid is wider. */
    private static final double WEIGHT_DECAY_FACTOR = Math.sqrt(10);

    private GridPlaces() {}

    /** A quarter, half, once, twice and four times the usual learning rate. */
    static double learningRate(double usual, int step) {
        require(step);
        return usual * Math.pow(LEARNING_RATE_FACTOR, step);
    }

    /** From a tenth to ten times the optimizer's weight decay in half decades; where its default is none, that stands in the place of the tenth. */
    static double weightDecay(Optimizers.Entry optimizer, int step) {
        require(step);
        return step == -REACH && optimizer.defaults().get("weight_decay") == 0
                ? 0
                : optimizer.weightDecayCentre() * Math.pow(WEIGHT_DECAY_FACTOR, step);
    }

    private static void require(int step) {
        if (step < -REACH || step > REACH) {
            throw new IllegalArgumentException("a step on the grid must be from -2 to 2, was " + step);
        }
    }
}
