package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.Topic;
import org.apache.avro.specific.SpecificRecord;

/** The newest value of a key in a compacted topic, as bytes: Flink then needs no serializer for Avro records. */
public record Upsert(String topic, byte[] key, byte[] value) {

    static <T extends SpecificRecord> Upsert of(Topic<T> topic, String key, T value) {
        return new Upsert(topic.name(), key.getBytes(UTF_8), topic.wire().encode(value));
    }
}
