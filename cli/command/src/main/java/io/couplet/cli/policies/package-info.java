/**
 * What stopping rules would have done to recorded curves, as text, JSON and a picture.
 *
 * <p>Enters: a file of curves and the rules to try. Leaves: a report. Must not know Kafka; what a rule decides stands in {@code io.couplet.scores.stopping}.
 */
package io.couplet.cli.policies;
