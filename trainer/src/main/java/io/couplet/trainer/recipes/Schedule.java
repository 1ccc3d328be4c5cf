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
        if (warmupSteps < 0 || warmupSteps >= budgetSteps) {
            throw new IllegalArgumentException(
                    "warmupSteps must be at least 0 and below budgetSteps " + budgetSteps + ", was " + warmupSteps);
        }
        return step -> step <= warmupSteps
                ? step / (warmupSteps + 1.0)
                : (1 + Math.cos(Math.PI * (step - 1 - warmupSteps) / (budgetSteps - warmupSteps))) / 2;
    }
}
