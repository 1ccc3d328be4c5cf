package io.couplet.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Records that nobody could read, kept byte for byte with their cause and origin in headers. */
public final class DeadLetter {

    /** One sentence: why it could not be read. */
    public static final String CAUSE = "couplet.cause";
    /** Topic it came from. */
    public static final String TOPIC = "couplet.topic";
    /** Partition it came from, decimal. */
    public static final String PARTITION = "couplet.partition";
    /** Offset it had, decimal. */
    public static final String OFFSET = "couplet.offset";
    /** Which service gave up on it. */
    public static final String SERVICE = "couplet.service";

    private DeadLetter() {}

    /** The record to send to {@link Topics#DEAD_LETTERS}. */
    public static ProducerRecord<byte[], byte[]> of(
            byte @Nullable [] key,
            byte @Nullable [] value,
            String topic,
            int partition,
            long offset,
            String service,
            String cause) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(Topics.DEAD_LETTERS, key, value);
        Headers headers = record.headers();
        headers.add(CAUSE, cause.getBytes(UTF_8));
        headers.add(TOPIC, topic.getBytes(UTF_8));
        headers.add(PARTITION, Integer.toString(partition).getBytes(UTF_8));
        headers.add(OFFSET, Long.toString(offset).getBytes(UTF_8));
        headers.add(SERVICE, service.getBytes(UTF_8));
        return record;
    }
}
