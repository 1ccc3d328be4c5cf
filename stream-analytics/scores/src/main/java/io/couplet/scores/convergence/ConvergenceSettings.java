package io.couplet.scores.convergence;

/**
 * What a run's convergence is judged by; fixed for the life of the run.
 *
 * @param budgetSteps the steps the run may take; 0 when unknown, and then nothing that needs an end (forecast, progress) is given
 * @param warmupSteps the steps of learning-rate warm-up; nothing but a non-finite loss is judged up to and including this step
 * @param halfLifeSteps after so many steps a loss has half its weight in the exponential mean
 * @param windowSteps the last steps over which the log–log slope is taken
 * @param plateauSlope a log–log slope that cannot be told from one above minus this is flat: 0.03 means 2 % less loss for twice the steps
 * @param explosionFactor the smoothed loss has exploded when it is this many times its best and above the initial loss
 * @param spikeDeviations a loss this many standard deviations above the smoothed loss is a spike
 */
public record ConvergenceSettings(
        long budgetSteps,
        long warmupSteps,
        double halfLifeSteps,
        long windowSteps,
        double plateauSlope,
        double explosionFactor,
        double spikeDeviations) {

    private static final double HALF_LIFE_OF_BUDGET = 0.02;
    private static final double WINDOW_OF_BUDGET = 1.0 / 3;
    private static final long WINDOW_WITHOUT_BUDGET = 1_000;

    public ConvergenceSettings {
        require(budgetSteps >= 0, "budgetSteps must not be negative, was " + budgetSteps);
        require(warmupSteps >= 0, "warmupSteps must not be negative, was " + warmupSteps);
        require(halfLifeSteps > 0, "halfLifeSteps must be above 0, was " + halfLifeSteps);
        require(windowSteps >= 2, "windowSteps must be at least 2, was " + windowSteps);
        require(plateauSlope >= 0, "plateauSlope must not be negative, was " + plateauSlope);
        require(explosionFactor > 1, "explosionFactor must be above 1, was " + explosionFactor);
        require(spikeDeviations > 0, "spikeDeviations must be above 0, was " + spikeDeviations);
    }

    /**
     * The defaults for a budget: a half-life of a fiftieth (2 to 200 steps) and a window of a third (20 to 10,000 steps) of it.
     *
     * @param budgetSteps the steps the run may take, 0 when unknown
     * @param warmupSteps the steps of learning-rate warm-up, 0 for none
     */
    public static ConvergenceSettings forBudget(long budgetSteps, long warmupSteps) {
        double halfLife = budgetSteps == 0 ? 20 : Math.min(200, Math.max(2, budgetSteps * HALF_LIFE_OF_BUDGET));
        long window = budgetSteps == 0
                ? WINDOW_WITHOUT_BUDGET
                : Math.min(10_000, Math.max(20, Math.round(budgetSteps * WINDOW_OF_BUDGET)));
        return new ConvergenceSettings(budgetSteps, warmupSteps, halfLife, window, 0.03, 3, 6);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
