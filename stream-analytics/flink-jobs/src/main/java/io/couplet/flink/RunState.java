package io.couplet.flink;

import io.couplet.scores.convergence.ConvergenceState;

/**
 * What the convergence job remembers of a run.
 *
 * @param convergence the steps, folded
 * @param scoreIsDue whether its score waits to be published
 */
record RunState(ConvergenceState convergence, boolean scoreIsDue) {}
