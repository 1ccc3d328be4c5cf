package io.couplet.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaValidationException;
import org.apache.avro.SchemaValidator;
import org.apache.avro.SchemaValidatorBuilder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The schemas of now against all their recorded past: FULL_TRANSITIVE. */
class SchemaHistoryTest {

    private static final SchemaValidator READS_ALL =
            new SchemaValidatorBuilder().canReadStrategy().validateAll();
    private static final SchemaValidator IS_READ_BY_ALL =
            new SchemaValidatorBuilder().canBeReadStrategy().validateAll();

    static Stream<Schema> schemas() {
        return Topics.all().stream().map(topic -> topic.wire().schema());
    }

    @ParameterizedTest
    @MethodSource("schemas")
    void everyVersionReadsAndIsReadByEveryOther(Schema current) throws SchemaValidationException {
        List<Schema> past = SchemaHistory.of(current.getName());
        READS_ALL.validate(current, past);
        IS_READ_BY_ALL.validate(current, past);
    }

    @ParameterizedTest
    @MethodSource("schemas")
    void theNewestRecordedVersionIsTheSchemaOfNow(Schema current) {
        List<Schema> past = SchemaHistory.of(current.getName());
        assertThat(past)
                .isNotEmpty()
                .last()
                .as("""
                %1$s has changed since its version %2$d was recorded.
                Record the new one: copy src/main/avro/%1$s.avsc to src/main/resources/schema-history/%1$s.%3$d.avsc,
                and its golden bytes as GoldenBytesTest says.""", current.getName(), past.size(), past.size() + 1)
                .isEqualTo(asWritten(current));
    }

    /** Without the mark by which the generated classes ask for Java's strings. */
    private static Schema asWritten(Schema schema) {
        return new Schema.Parser().parse(schema.toString().replace(",\"avro.java.string\":\"String\"", ""));
    }

    @ParameterizedTest
    @MethodSource("schemas")
    void everyRecordFieldAndEnumIsDocumented(Schema current) {
        List<String> undocumented = new ArrayList<>();
        collect(current, current.getName(), undocumented, new HashSet<>());
        assertThat(undocumented).isEmpty();
    }

    private static void collect(Schema schema, String path, List<String> undocumented, Set<Schema> seen) {
        if (!seen.add(schema)) {
            return;
        }
        switch (schema.getType()) {
            case RECORD -> {
                require(schema.getDoc(), path, undocumented);
                for (Schema.Field field : schema.getFields()) {
                    require(field.doc(), path + "." + field.name(), undocumented);
                    collect(field.schema(), path + "." + field.name(), undocumented, seen);
                }
            }
            case ENUM -> require(schema.getDoc(), path, undocumented);
            case ARRAY -> collect(schema.getElementType(), path, undocumented, seen);
            case MAP -> collect(schema.getValueType(), path, undocumented, seen);
            case UNION -> schema.getTypes().forEach(branch -> collect(branch, path, undocumented, seen));
            default -> {
                return;
            }
        }
    }

    private static void require(@org.jspecify.annotations.Nullable String doc, String path, List<String> undocumented) {
        if (doc == null || doc.isBlank() || !doc.strip().endsWith(".")) {
            undocumented.add(path);
        }
    }
}
