package io.couplet.view.alerts;

/**
 * What an alert service has done since it started: {@code raised = delivered + deadLetters + pending}.
 *
 * @param raised alerts found in the records
 * @param delivered alerts the webhook took
 * @param retries posts that failed and were, or will be, tried again
 * @param deadLetters alerts that could not be delivered, kept in the dead letters with their cause
 * @param pending alerts in memory
 * @param unreadable records that could not be read
 */
public record AlertCounts(long raised, long delivered, long retries, long deadLetters, long pending, long unreadable) {}
