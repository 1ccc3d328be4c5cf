package io.couplet.trainer.recipes;

/** The share of the peak learning rate at a step. */
@FunctionalInterface
public interface Schedule {

    /** @param step 1-based, the update that is about to be made */
    double factor(int step);

    /**
     * Linear warm-up from near zero, then half a cosine down to near zero (Loshchilov and Hutter 2017, arXiv:1608.03983). The first step after the warm-up
     * has the peak rate; every step's rate is above zero.
     *
     * @throws IllegalArgumentException unless 0 ≤ warmupSteps &lt; budgetSteps
     */
    static Schedule cosineWithWarmup(int warmupSteps, int budgetSteps) {
        Schedule warmup = constantWithWarmup(warmupSteps, budgetSteps);
        return step -> step <= warmupSteps
                ? warmup.factor(step)
                : (1 + Math.cos(Math.PI * (step - 1 - warmupSteps) / (budgetSteps - warmupSteps))) / 2;
    }

    /**
     * The same warm-up, then the peak rate to the end: for optimizers that average their own iterates in place of a falling rate (Defazio et al. 2024,
     * arXiv:2405.15682).
     *
     * @throws IllegalArgumentException unless 0 ≤ warmupSteps &lt; budgetSteps
     */
    static Schedule constantWithWarmup(int warmupSteps, int budgetSteps) {
        if (warmupSteps < 0 || warmupSteps >= budgetSteps) {
            throw new IllegalArgumentException(
                    "warmupSteps must be at least 0 and below budgetSteps " + budgetSteps + ", was " + warmupSteps);
        }
        return step -> step <= warmupSteps ? step / (warmupSteps + 1.0) : 1;
    }
}
