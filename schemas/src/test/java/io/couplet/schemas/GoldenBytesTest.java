package io.couplet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes recorded once, for each version of each schema. */
class GoldenBytesTest {

    static Stream<Wire<?>> wires() {
        return Topics.all().stream().map(Topic::wire);
    }

    @ParameterizedTest
    @MethodSource("wires")
    <T extends SpecificRecord> void recordsAreWrittenAsTheyWereWhenTheVersionWasRecorded(Wire<T> wire)
            throws Exception {
        List<Schema> versions = SchemaHistory.of(wire.schema().getName());
        byte[] golden = golden(wire.schema(), versions.size());
        assertThat(HexFormat.of().formatHex(wire.encode(wire.decode(golden))))
                .isEqualTo(HexFormat.of().formatHex(golden));
        assertThat(HexFormat.of().formatHex(Specimens.bytes(wire.schema())))
                .isEqualTo(HexFormat.of().formatHex(golden));
    }

    @ParameterizedTest
    @MethodSource("wires")
    <T extends SpecificRecord> void bytesOfEveryRecordedVersionAreRead(Wire<T> wire) throws Exception {
        List<Schema> versions = SchemaHistory.of(wire.schema().getName());
        for (int version = 1; version <= versions.size(); version++) {
            T record = wire.decode(golden(versions.get(version - 1), version));
            assertThat(record.getSchema()).isEqualTo(wire.schema());
            assertThat(record.get(0)).isNotNull();
        }
    }

    @Test
    void aReaderOfTheFirstVersionTakesAKindOfCommandThatItDoesNotKnowForUnknown() throws Exception {
        Schema now = Topics.RUN_COMMANDS.wire().schema();
        Schema first = SchemaHistory.of("RunCommand").get(0);
        byte[] bytes = golden(now, 2);

        GenericRecord read = new GenericDatumReader<GenericRecord>(now, first)
                .read(null, DecoderFactory.get().binaryDecoder(bytes, 10, bytes.length - 10, null));

        assertThat(read.get("kind")).hasToString("UNKNOWN");
    }

    private static byte[] golden(Schema schema, int version) throws IOException {
        String name = schema.getName() + "." + version + ".hex";
        try (InputStream in = GoldenBytesTest.class.getResourceAsStream("/golden/" + name)) {
            if (in == null) {
                return fail("Record the new version: write this line into src/test/resources/golden/" + name + "\n"
                        + HexFormat.of().formatHex(Specimens.bytes(schema)));
            }
            return HexFormat.of().parseHex(new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip());
        }
    }
}
