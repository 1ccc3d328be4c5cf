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

    /** What is known when a later attempt takes up again at {@code step}. */
    LearningRates before(long step) {
        return new LearningRates(Double.NaN, 0, droppedAt < step ? droppedAt : 0);
    }

    /** What the rates did, taken in place. */
    static final class Fold {
        private double newest;
        private long steadySteps;
        private long droppedAt;

        Fold(LearningRates from) {
            set(from);
        }

        final void set(LearningRates from) {
            newest = from.newest;
            steadySteps = from.steadySteps;
            droppedAt = from.droppedAt;
        }

        /** Takes the rate of a step; whether it is a drop. */
        boolean plus(long step, double rate, long warmupSteps) {
            double before = newest;
            newest = rate;
            if (step <= warmupSteps + 1 || !(before > 0) || !(rate >= 0)) {
                steadySteps = 0;
                return false;
            }
            double ratio = rate / before;
            boolean drops = ratio <= DROP && steadySteps >= STEADY_STEPS;
            steadySteps = Math.abs(ratio - 1) <= STEADY ? steadySteps + 1 : 0;
            if (drops) {
                droppedAt = step;
            }
            return drops;
        }

        long droppedAt() {
            return droppedAt;
        }

        LearningRates value() {
            return new LearningRates(newest, steadySteps, droppedAt);
        }
    }
}
