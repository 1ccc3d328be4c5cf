package io.couplet.flink;

/**
 * A record that could not be read and why; goes to the dead letters.
 *
 * @param received the record
 * @param service which job gave up on it
 * @param cause one sentence
 */
public record Unreadable(Received received, String service, String cause) {}
