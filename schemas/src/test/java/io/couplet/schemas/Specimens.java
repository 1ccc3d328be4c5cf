package io.couplet.schemas;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageEncoder;

/** One fixed record of any schema, with every optional field given. */
final class Specimens {

    private Specimens() {}

    /** Its bytes in the single-object encoding. */
    static byte[] bytes(Schema schema) {
        try {
            ByteBuffer buffer =
                    new BinaryMessageEncoder<GenericRecord>(GenericData.get(), schema).encode(record(schema));
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static GenericRecord record(Schema schema) {
        GenericRecord record = new GenericData.Record(schema);
        for (Schema.Field field : schema.getFields()) {
            record.put(field.pos(), value(field.schema(), field.name(), field.pos() + 1));
        }
        return record;
    }

    private static Object value(Schema schema, String name, int number) {
        return switch (schema.getType()) {
            case STRING -> "some " + name;
            case INT -> number;
            case LONG -> number * 1_000_000_007L;
            case FLOAT -> number + 0.25f;
            case DOUBLE -> number + 0.125;
            case BOOLEAN -> true;
            case ENUM ->
                new GenericData.EnumSymbol(
                        schema,
                        schema.getEnumSymbols().get(schema.getEnumSymbols().size() - 1));
            case ARRAY ->
                List.of(value(schema.getElementType(), name, number), value(schema.getElementType(), name, 77));
            case MAP -> Map.of("key of " + name, value(schema.getValueType(), name, number));
            case RECORD -> record(schema);
            case UNION ->
                value(
                        schema.getTypes().stream()
                                .filter(branch -> branch.getType() != Schema.Type.NULL)
                                .findFirst()
                                .orElseThrow(),
                        name,
                        number);
            default -> throw new IllegalArgumentException("no specimen of " + schema);
        };
    }
}
