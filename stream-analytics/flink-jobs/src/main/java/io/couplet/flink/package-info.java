/**
 * The scores, live: a thin Flink shell around {@code io.couplet.scores}.
 *
 * <p>Enters: step-metrics, run-requests, run-events and evaluations as bytes from Kafka. Leaves: convergence-scores, coupling-scores and study-scores
 * as upserts whose values depend on the records read only, and what could not be read as dead letters. Must not know: how runs are trained, who reads the
 * scores, how a score is computed.
 */
package io.couplet.flink;
