/**
 * The trainer as a service: run requests in, events, steps and evaluations out.
 *
 * <p>In: run requests, taken one at a time from a share group that works as a queue; run commands; the run events of all trainers. Out: run events, step
 * metrics and evaluations through a {@link io.couplet.producers.MetricPublisher}. A worker has two threads: one speaks to the queue and keeps the lock on its
 * request alive, the other trains.
 *
 * <p>Must not know how scores are made of what it sends, nor what a study is beyond the request in its hands.
 */
package io.couplet.trainer.worker;
