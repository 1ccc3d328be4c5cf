/**
 * How well one run converges.
 *
 * <p>Enters: the run's training steps in the order in which its topic holds them, and what is known of its budget and warm-up. Leaves: a
 * {@link io.couplet.scores.convergence.Convergence} whose every value depends on those steps only, from a state of constant size. Must not
 * know: Kafka, Flink, Avro, the wall clock, other runs.
 */
package io.couplet.scores.convergence;
