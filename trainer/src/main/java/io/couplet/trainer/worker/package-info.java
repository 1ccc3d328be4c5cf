/**
 * The trainer as a service: run requests in from Kafka's queue, everything that happens to a run out to the topics.
 *
 * <p>Enters: {@code run-requests} (a share group), {@code run-commands} and {@code run-events} (what became of runs
 * before). Leaves: {@code run-events}, {@code step-metrics}, {@code evaluations}. It decides who trains what and when a
 * run ends; how is trained it leaves to {@link io.couplet.trainer.training}.
 */
package io.couplet.trainer.worker;
