package io.couplet.schemas;

import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

/**
 * How values lie in Kafka. Without a schema registry in the clients' properties that is Avro's single-object encoding, with one the Confluent wire format: the byte
 * 0, the 4-byte id of the writer's schema, then Avro. With a registry both are read, record by record, so that a topic may hold both; inside a process values are
 * always in the single-object encoding, of which {@link Wire} knows everything.
 *
 * <p>Safe for use by several threads. Holds nothing that must be closed.
 */
public interface WireFormat {

    /** No schema id: those of a registry are at least 1. */
    int NO_ID = -1;

    /**
     * The format that the properties of Kafka's clients ask for: {@link SchemaRegistry#URL} and Apicurio's other ones.
     *
     * @throws SchemaRegistryException when a registry is named and cannot be reached, or lacks a schema; one sentence with the fix
     */
    static WireFormat of(Map<String, ?> clientProperties) {
        return clientProperties.containsKey(SchemaRegistry.URL)
                ? ConfluentFormat.of(RegistryClient.of(clientProperties))
                : SINGLE_OBJECT;
    }

    /** The format without a registry. */
    WireFormat SINGLE_OBJECT = new WireFormat() {
        @Override
        public byte[] toKafka(String topic, byte[] singleObject) {
            return singleObject;
        }

        @Override
        public byte[] fromKafka(String topic, byte[] value) {
            return value;
        }

        @Override
        public int newestId(Topic<?> topic) {
            return NO_ID;
        }
    };

    /** The value as it goes to Kafka; the other bytes are those of {@link Wire#encode}. */
    byte[] toKafka(String topic, byte[] singleObject);

    /**
     * The value as {@link Wire#decode} reads it; what is not in the Confluent wire format comes back as it is.
     *
     * @throws SerializationException when the registry does not know the id or its schema is of another record
     * @throws SchemaRegistryException when an id not met before cannot be looked up because the registry does not answer
     */
    byte[] fromKafka(String topic, byte[] value);

    /** The id with which values of a topic are written; {@link #NO_ID} without a registry. */
    int newestId(Topic<?> topic);

    /**
     * Encodes a record for Kafka.
     *
     * @throws SerializationException when a required field is missing
     */
    default <T extends SpecificRecord> byte[] encode(Topic<T> topic, T record) {
        return toKafka(topic.name(), topic.wire().encode(record));
    }

    /**
     * Decodes a value out of Kafka.
     *
     * @param value null where the record has none
     * @throws SerializationException when it is no record of this topic, or there is none
     * @throws SchemaRegistryException when an id not met before cannot be looked up because the registry does not answer
     */
    default <T extends SpecificRecord> T decode(Topic<T> topic, byte @Nullable [] value) {
        return topic.wire().decode(value == null ? null : fromKafka(topic.name(), value));
    }
}
