package io.couplet.flink;

/**
 * A record about a study's run, checked and still as bytes: there are few, and reading them again is cheaper than a serializer for three types.
 *
 * @param studyId the study
 * @param topic which of run-requests, run-events and evaluations it came from
 * @param value its bytes
 */
public record StudyInput(String studyId, String topic, byte[] value) {}
