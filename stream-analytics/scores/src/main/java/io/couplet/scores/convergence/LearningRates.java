package io.couplet.scores.convergence;

/**
 * What the steps themselves tell of the learning-rate schedule: an abrupt drop is seen when it comes, also in logs of programs that announce none.
 *
 * <p>A drop is a step whose rate is at most {@value #DROP} times that of the step before, after at least {@value #STEADY_STEPS} steps that each were within
 * {@value #STEADY} of the one before. A smooth decay is none: near its end a cosine to zero falls by a factor of four in a step, but it was not steady.
 *
 * @param newest the newest learning rate; NaN when unknown
 * @param steadySteps for how many steps in a row the rate has been steady
 * @param droppedAt the first step with the lower rate of the newest drop; 0 for none
 */
public record LearningRates(double newest, long steadySteps, long droppedAt) {

    static final double DROP = 0.5;
    static final double STEADY = 0.01;
    static final int STEADY_STEPS = 5;

    static final LearningRates NONE = new LearningRates(Double.NaN, 0, 0);

    LearningRates plus(long step, double rate, long warmupSteps) {
        if (step <= warmupSteps + 1 || !(newest > 0) || !(rate >= 0)) {
            return new LearningRates(rate, 0, droppedAt);
        }
        double ratio = rate / newest;
        boolean drops = ratio <= DROP && steadySteps >= STEADY_STEPS;
        boolean steady = Math.abs(ratio - 1) <= STEADY;
        return new LearningRates(rate, steady ? steadySteps + 1 : 0, drops ? step : droppedAt);
    }

    /** What is known when a later attempt takes up again at {@code step}. */
    LearningRates before(long step) {
        return new LearningRates(Double.NaN, 0, droppedAt < step ? droppedAt : 0);
    }
}
