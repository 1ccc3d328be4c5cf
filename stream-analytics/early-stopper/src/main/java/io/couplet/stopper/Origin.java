package io.couplet.stopper;

import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Where a record was read. */
record Origin(String topic, int partition, long offset) {

    static Origin of(RecordMetadata metadata) {
        return new Origin(metadata.topic(), metadata.partition(), metadata.offset());
    }

    /** As {@code inputOffsets} of a command names it. */
    String topicPartition() {
        return topic + '-' + partition;
    }
}
