/**
 * When a run should be ended before its budget.
 *
 * <p>Enters: what is known of a run so far. Leaves: a {@link io.couplet.scores.stopping.Decision} with its reason and evidence. Must not know: who
 * asks, how a run is stopped, Kafka, the wall clock.
 */
package io.couplet.scores.stopping;
