package io.couplet.stopper;

import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

/** Writes down where a record was read, before it goes through another topic, which would drop one without a key: such a one gets an empty key, and is a dead letter behind it. */
final class WithOriginProcessor extends ContextualProcessor<byte[], byte[], byte[], byte[]> {

    @Override
    public void process(Record<byte[], byte[]> record) {
        Origin origin = Origin.of(context().recordMetadata().orElseThrow());
        byte[] key = record.key() == null ? new byte[0] : record.key();
        context().forward(record.withKey(key).withHeaders(origin.headers()));
    }
}
