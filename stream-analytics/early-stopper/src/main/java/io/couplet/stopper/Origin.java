package io.couplet.stopper;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Where a record was read. */
record Origin(String topic, int partition, long offset) {

    static Origin of(RecordMetadata metadata) {
        return new Origin(metadata.topic(), metadata.partition(), metadata.offset());
    }

    private static final String TOPIC = "couplet.origin.topic";
    private static final String PARTITION = "couplet.origin.partition";
    private static final String OFFSET = "couplet.origin.offset";

    /** What {@link #headers} has written down. */
    static Origin of(Headers headers) {
        return new Origin(
                text(headers, TOPIC),
                Integer.parseInt(text(headers, PARTITION)),
                Long.parseLong(text(headers, OFFSET)));
    }

    private static String text(Headers headers, String name) {
        return new String(headers.lastHeader(name).value(), UTF_8);
    }

    /** As headers, so that it is still known behind another topic. */
    Headers headers() {
        return new RecordHeaders()
                .add(TOPIC, topic.getBytes(UTF_8))
                .add(PARTITION, String.valueOf(partition).getBytes(UTF_8))
                .add(OFFSET, String.valueOf(offset).getBytes(UTF_8));
    }

    /** As {@code inputOffsets} of a command names it. */
    String topicPartition() {
        return topic + '-' + partition;
    }
}
