package io.couplet.trainer.worker;

/**
 * The five learning rates and five weight decays around an optimizer's own, which a study's {@code hyperparameters: grid} asks for by steps from -2 to 2. The grid
 * of a study is one for all its optimizers in steps, and one for each in values; so the distance between two points can be told in steps (paper, A.3).
 */
final class GridPlaces {
    static final int REACH = 2;

    private static final double LEARNING_RATE_FACTOR = 2;
    /** Accuracy hangs on the weight decay less than on the learning rate: its grid is wider. */
    private static final double WEIGHT_DECAY_FACTOR = Math.sqrt(10);

    private static final double[] AROUND_NO_DECAY = {0, 1e-5, 1e-4, 1e-3, 1e-2};

    private GridPlaces() {}

    /** A quarter, half, once, twice and four times the usual learning rate. */
    static double learningRate(double usual, int step) {
        require(step);
        return usual * Math.pow(LEARNING_RATE_FACTOR, step);
    }

    /** From a tenth to ten times the usual weight decay in half decades; 0, 1e-5, 1e-4, 1e-3 and 1e-2 where it is none. */
    static double weightDecay(double usual, int step) {
        require(step);
        return usual == 0 ? AROUND_NO_DECAY[step + REACH] : usual * Math.pow(WEIGHT_DECAY_FACTOR, step);
    }

    private static void require(int step) {
        if (step < -REACH || step > REACH) {
            throw new IllegalArgumentException("a step on the grid must be from -2 to 2, was " + step);
        }
    }
}
