package io.couplet.producers.tail;

/**
 * What came of the logs, in this process. Nothing else is left out.
 *
 * @param files logs that are read
 * @param runs runs they are of
 * @param steps steps handed over
 * @param evaluations evaluations handed over
 * @param events beginnings and ends handed over
 * @param withoutMetric entries with neither a loss nor a validation accuracy, or without a step
 * @param repeated steps that the log has twice
 * @param betweenRungs evaluations that lie between two rungs, or before the first step
 * @param replaced logs that were cut or replaced while they were followed
 * @param malformed what could not be read or sent, each listed with its cause
 */
public record TailCounts(
        int files,
        int runs,
        long steps,
        long evaluations,
        long events,
        long withoutMetric,
        long repeated,
        long betweenRungs,
        long replaced,
        long malformed) {}
