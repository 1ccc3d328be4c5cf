package io.couplet.flink;

import org.jspecify.annotations.Nullable;

/** A record as it lay in Kafka, with its origin; null where Kafka had null. */
public record Received(String topic, int partition, long offset, byte @Nullable [] key, byte @Nullable [] value) {}
