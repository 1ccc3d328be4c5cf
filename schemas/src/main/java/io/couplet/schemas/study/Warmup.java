package io.couplet.schemas.study;

/** Linear learning-rate warm-up, in which no run is judged: a number of steps, or a fraction of the budget. */
public sealed interface Warmup {

    /** The steps it takes of a budget. */
    int steps(int budgetSteps);

    /** So many steps. */
    record Steps(int count) implements Warmup {

        public Steps {
            Bounds.WARMUP_STEPS.require("recipe.warmup-steps", count);
        }

        @Override
        public int steps(int budgetSteps) {
            return count;
        }
    }

    /** So much of the budget, in [0, 1), rounded down. */
    record Fraction(double ofBudget) implements Warmup {

        public Fraction {
            Bounds.WARMUP_FRACTION.require("recipe.warmup-fraction", ofBudget);
        }

        @Override
        public int steps(int budgetSteps) {
            return (int) (ofBudget * budgetSteps + 1e-9);
        }
    }
}
