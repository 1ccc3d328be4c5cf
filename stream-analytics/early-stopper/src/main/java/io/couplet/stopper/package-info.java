/**
 * The early stopper as a service: what is known of each run in; at most one order to stop per attempt out.
 *
 * <p>Enters: run events, step metrics, convergence scores. Leaves: run commands with their evidence, dead letters, and
 * counts. Must not know trainers, Flink, the view or the command line; what a rule is stands in
 * {@code io.couplet.scores.stopping}.
 */
package io.couplet.stopper;
