package io.couplet.scores.convergence;

/** What a run's loss does now. */
public enum Verdict {
    /** Inside the learning-rate warm-up, or too few steps after it to judge. */
    WARMING_UP,
    /** The loss falls. */
    CONVERGING,
    /** The loss is flat over the window, or the budget ended without it having fallen. */
    PLATEAUED,
    /** The loss rises and has lost a part of what the run had gained. */
    DIVERGING,
    /** The loss became NaN or infinite, or exploded: far above its best and above the initial one, and stayed there. */
    DIVERGED,
    /** The budget is used and the loss fell, or nothing is left of the loss to fall. */
    CONVERGED
}
