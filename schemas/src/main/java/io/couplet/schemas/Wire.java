package io.couplet.schemas;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.message.SchemaStore;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.ClassSecurityValidator;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Records of one type as bytes, in Avro's single-object encoding: 2 marker bytes, the 8-byte CRC-64-AVRO fingerprint of
 * the writer's schema, then the record. Bytes written with any schema recorded in {@link SchemaHistory} decode.
 *
 * <p>Safe for use by several threads.
 *
 * @param <T> the record
 * @see <a href="https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding">Avro specification</a>
 */
public final class Wire<T extends SpecificRecord> {

    static {
        trustOwnRecords();
    }

    private final Class<T> type;
    private final Schema schema;
    private final BinaryMessageEncoder<T> encoder;
    private final BinaryMessageDecoder<T> decoder;

    private Wire(Class<T> type) {
        this.type = type;
        SpecificData model = SpecificData.getForClass(type);
        this.schema = model.getSchema(type);
        this.encoder = new BinaryMessageEncoder<>(model, schema);
        SchemaStore.Cache past = new SchemaStore.Cache();
        List<Schema> versions = SchemaHistory.of(schema.getName());
        versions.forEach(past::addSchema);
        this.decoder = new BinaryMessageDecoder<>(model, schema, past);
        versions.forEach(decoder::addSchema);
    }

    /** The format of one record type. */
    public static <T extends SpecificRecord> Wire<T> of(Class<T> type) {
        return new Wire<>(type);
    }

    /** Avro 1.12.2 refuses to read into classes that nobody vouched for; ours are vouched for here. */
    private static void trustOwnRecords() {
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(), type -> type.getName().startsWith("io.couplet.schemas.avro.")));
    }

    /** The record type. */
    public Class<T> type() {
        return type;
    }

    /** The schema with which records are written. */
    public Schema schema() {
        return schema;
    }

    /**
     * Encodes a record.
     *
     * @throws SerializationException when a required field is missing
     */
    public byte[] encode(T record) {
        try {
            ByteBuffer buffer = encoder.encode(record);
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            return bytes;
        } catch (IOException | AvroRuntimeException | NullPointerException | ClassCastException e) {
            throw new SerializationException("This " + schema.getName() + " cannot be written: " + e.getMessage(), e);
        }
    }

    /**
     * Decodes a record.
     *
     * @throws SerializationException when the bytes are not a record of this type in any known version
     */
    public T decode(byte[] bytes) {
        try {
            return decoder.decode(bytes);
        } catch (IOException | RuntimeException e) {
            // Avro's decoders answer malformed bytes with many kinds of RuntimeException; all mean the same here.
            throw new SerializationException(
                    "These " + bytes.length + " bytes are no " + schema.getName() + ": " + e.getMessage(), e);
        }
    }
}
