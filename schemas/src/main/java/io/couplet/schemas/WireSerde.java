package io.couplet.schemas;

import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** {@link WireFormat} as Kafka clients and Kafka Streams want it; a null value (a tombstone) stays null. */
public final class WireSerde<T extends SpecificRecord> implements Serde<T> {

    private final Topic<T> topic;
    private final WireFormat format;

    public WireSerde(Topic<T> topic, WireFormat format) {
        this.topic = topic;
        this.format = format;
    }

    @Override
    public Serializer<T> serializer() {
        return (name, value) -> encode(value);
    }

    @Override
    public Deserializer<T> deserializer() {
        return (name, bytes) -> decode(bytes);
    }

    @SuppressWarnings("NullAway") // Kafka's interfaces allow null and are not annotated.
    private byte[] encode(@Nullable T value) {
        return value == null ? null : format.encode(topic, value);
    }

    @SuppressWarnings("NullAway") // Kafka's interfaces allow null and are not annotated.
    private T decode(byte @Nullable [] bytes) {
        return bytes == null ? null : format.decode(topic, bytes);
    }
}
