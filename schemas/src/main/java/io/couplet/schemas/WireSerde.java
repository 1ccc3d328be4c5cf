package io.couplet.schemas;

import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** {@link Wire} as Kafka clients and Kafka Streams want it; a null value (a tombstone) stays null. */
public final class WireSerde<T extends SpecificRecord> implements Serde<T> {

    private final Wire<T> wire;

    public WireSerde(Wire<T> wire) {
        this.wire = wire;
    }

    @Override
    public Serializer<T> serializer() {
        return (topic, value) -> encode(value);
    }

    @Override
    public Deserializer<T> deserializer() {
        return (topic, bytes) -> decode(bytes);
    }

    @SuppressWarnings("NullAway") // Kafka's interfaces allow null and are not annotated.
    private byte[] encode(@Nullable T value) {
        return value == null ? null : wire.encode(value);
    }

    @SuppressWarnings("NullAway") // Kafka's interfaces allow null and are not annotated.
    private T decode(byte @Nullable [] bytes) {
        return bytes == null ? null : wire.decode(bytes);
    }
}
