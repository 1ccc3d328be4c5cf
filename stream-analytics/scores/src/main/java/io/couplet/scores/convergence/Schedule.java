package io.couplet.scores.convergence;

import java.util.Arrays;

/**
 * How the learning rate goes after the warm-up, as the run's events tell it.
 *
 * @param kind the form of the decay
 * @param drops with {@link Kind#STEP}: the first steps with a lower rate, ascending; never written after it was handed over
 * @param attempt the attempt that told it; 0 when none has
 */
public record Schedule(Kind kind, long[] drops, int attempt) {

    /** Forms of decay. */
    public enum Kind {
        UNKNOWN,
        CONSTANT,
        /** A constant rate that drops at given steps. */
        STEP,
        /** Half a cosine from the end of the warm-up to the end of the budget, down to zero (Loshchilov and Hutter 2017, arXiv:1608.03983). */
        COSINE
    }

    /** Drops beyond these are not remembered. */
    public static final int MOST_DROPS = 32;

    public static final Schedule UNKNOWN = new Schedule(Kind.UNKNOWN, new long[0], 0);

    public Schedule {
        for (int i = 0; i < drops.length; i++) {
            long before = i == 0 ? 0 : drops[i - 1];
            if (drops[i] <= before) {
                throw new IllegalArgumentException(
                        "drops must be ascending steps from 1, were " + Arrays.toString(drops));
            }
        }
        drops = drops.length > MOST_DROPS ? Arrays.copyOf(drops, MOST_DROPS) : drops;
    }

    /** The newest drop at or before {@code step}; 0 for none. */
    long dropBefore(long step) {
        long newest = 0;
        for (long drop : drops) {
            newest = drop <= step ? drop : newest;
        }
        return newest;
    }

    /** Whether a drop comes after {@code step} and by {@code end}. */
    boolean dropsBetween(long step, long end) {
        for (long drop : drops) {
            if (drop > step && drop <= end) {
                return true;
            }
        }
        return false;
    }

    /** Share of the peak rate at a step of a cosine schedule: 1 at the end of the warm-up, 0 at the end of the budget. */
    static double cosine(double step, double warmupSteps, double budgetSteps) {
        return step <= warmupSteps
                ? step / (warmupSteps + 1)
                : (1 + Math.cos(Math.PI * (step - warmupSteps) / (budgetSteps - warmupSteps))) / 2;
    }

    /** The integral of {@link #cosine} up to a step: so many steps at the peak rate would go as far. */
    static double cosineArea(double step, double warmupSteps, double budgetSteps) {
        double past = Math.min(step, warmupSteps);
        double warmup = past * past / 2 / (warmupSteps + 1);
        double length = budgetSteps - warmupSteps;
        double after = Math.max(0, step - warmupSteps);
        return warmup + (after + length / Math.PI * Math.sin(Math.PI * after / length)) / 2;
    }
}
