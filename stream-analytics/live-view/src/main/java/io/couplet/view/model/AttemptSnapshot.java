package io.couplet.view.model;

import org.jspecify.annotations.Nullable;

/**
 * One attempt at a run.
 *
 * @param attempt 1-based number
 * @param resumedAtStep step it took up at; 0 from the beginning
 * @param stepsTrained as its trainer counted them when it ended; null while it has not ended, or died without a word
 * @param stepsInTopic distinct steps among its records
 * @param duplicates records that repeated one
 * @param ending how it ended, lower case; null while it has not
 * @param deviceSeconds seconds it kept its device busy, as far as known
 * @param recordsEmitted records its trainer handed to the publisher; with an ending
 * @param recordsAcknowledged of those, acknowledged by Kafka by then
 * @param recordsSpooled of those, in the local spool by then
 */
public record AttemptSnapshot(
        int attempt,
        int resumedAtStep,
        @Nullable Long stepsTrained,
        long stepsInTopic,
        long duplicates,
        @Nullable String ending,
        double deviceSeconds,
        @Nullable Long recordsEmitted,
        @Nullable Long recordsAcknowledged,
        @Nullable Long recordsSpooled) {}
