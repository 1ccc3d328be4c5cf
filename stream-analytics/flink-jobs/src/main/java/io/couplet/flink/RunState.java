package io.couplet.flink;

import io.couplet.scores.convergence.ConvergenceState;

/**
 * What the convergence job remembers of a run.
 *
 * @param convergence the steps, folded
 * @param scoreIsDue whether a timer is set that will publish the score
 */
record RunState(ConvergenceState convergence, boolean scoreIsDue) {}
