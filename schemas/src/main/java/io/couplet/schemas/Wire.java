package io.couplet.schemas;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.ClassSecurityValidator;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

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

    /** Marker and fingerprint. */
    static final int HEADER_BYTES = 10;

    private static final int MARKER = 0xC301;
    private static final ThreadLocal<BinaryDecoder> DECODER = new ThreadLocal<>();

    private final Class<T> type;
    private final Schema schema;
    private final SpecificData model;
    private final BinaryMessageEncoder<T> encoder;
    private final Map<Long, DatumReader<T>> readers = new HashMap<>();

    private Wire(Class<T> type) {
        this.type = type;
        this.model = SpecificData.getForClass(type);
        this.schema = model.getSchema(type);
        if (hasCollections(schema)) {
            // The generated decoders believe any length of an array or map, and a spoilt one takes the whole heap;
            // Avro's general decoder compares it with the bytes that are left. The busiest topics have no collections.
            model.setCustomCoders(false);
        }
        this.encoder = new BinaryMessageEncoder<>(model, schema);
        List<Schema> writers = new ArrayList<>(SchemaHistory.of(schema.getName()));
        writers.add(schema);
        for (Schema writer : writers) {
            readers.put(
                    SchemaNormalization.parsingFingerprint64(writer), new SpecificDatumReader<>(writer, schema, model));
        }
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

    private static boolean hasCollections(Schema schema) {
        return switch (schema.getType()) {
            case ARRAY, MAP -> true;
            case RECORD -> schema.getFields().stream().anyMatch(field -> hasCollections(field.schema()));
            case UNION -> schema.getTypes().stream().anyMatch(Wire::hasCollections);
            default -> false;
        };
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
     * @param bytes null where a record has no value
     * @throws SerializationException when the bytes are not a record of this type in any known version, or there are none
     */
    public T decode(byte @Nullable [] bytes) {
        if (bytes == null) {
            throw new SerializationException("the record has no value");
        }
        try {
            return reader(bytes).read(null, decoder(bytes));
        } catch (IOException | RuntimeException e) {
            // Avro's decoders answer malformed bytes with many kinds of RuntimeException; all mean the same here.
            throw new SerializationException(
                    "These " + bytes.length + " bytes are no " + schema.getName() + ": " + e.getMessage(), e);
        }
    }

    /** Makes bytes of some schema, without any header, a value in the single-object encoding. */
    interface Rewriter {

        /** @throws SerializationException when the bytes are not of that schema, which is noticed only when it must be read */
        byte[] rewrite(byte[] bytes, int from, int length);
    }

    /** How values of a writer's schema are rewritten: those of a known version get its header, all others are read and written anew. */
    Rewriter rewriter(Schema writer) {
        long fingerprint = SchemaNormalization.parsingFingerprint64(writer);
        if (readers.containsKey(fingerprint)) {
            byte[] header = ByteBuffer.allocate(HEADER_BYTES)
                    .putShort((short) MARKER)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(fingerprint)
                    .array();
            return (bytes, from, length) -> {
                byte[] value = Arrays.copyOf(header, HEADER_BYTES + length);
                System.arraycopy(bytes, from, value, HEADER_BYTES, length);
                return value;
            };
        }
        DatumReader<T> reader = new SpecificDatumReader<>(writer, schema, model);
        return (bytes, from, length) -> {
            try {
                return encode(reader.read(null, DecoderFactory.get().binaryDecoder(bytes, from, length, null)));
            } catch (IOException | RuntimeException e) {
                throw new SerializationException(
                        "These " + length + " bytes of the schema " + writer.getFullName() + " are no "
                                + schema.getName() + ": " + e.getMessage(),
                        e);
            }
        };
    }

    private DatumReader<T> reader(byte[] bytes) {
        if (bytes.length < HEADER_BYTES) {
            throw new AvroRuntimeException("a record has a header of " + HEADER_BYTES + " bytes");
        }
        ByteBuffer header = ByteBuffer.wrap(bytes);
        if (bytes[0] == 0) {
            throw new AvroRuntimeException("they look like the Confluent wire format (schema " + header.getInt(1)
                    + "), for which a registry must be named with --schema-registry URL");
        }
        if ((header.getShort() & 0xFFFF) != MARKER) {
            throw new AvroRuntimeException("they do not begin with Avro's marker C3 01");
        }
        long fingerprint = header.order(ByteOrder.LITTLE_ENDIAN).getLong();
        DatumReader<T> reader = readers.get(fingerprint);
        if (reader == null) {
            throw new AvroRuntimeException(
                    "no known version of the schema has the fingerprint " + Long.toHexString(fingerprint));
        }
        return reader;
    }

    /**
     * A decoder over the array itself. Avro's own message decoder reads from a stream, of which nobody knows how much is
     * left, and would take the whole heap for a string of spoilt length.
     */
    private static BinaryDecoder decoder(byte[] bytes) {
        BinaryDecoder decoder =
                DecoderFactory.get().binaryDecoder(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES, DECODER.get());
        DECODER.set(decoder);
        return decoder;
    }
}
