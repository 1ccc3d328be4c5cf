package io.couplet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import io.apicurio.registry.serde.avro.AvroKafkaSerializer;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.registry.StubRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WireFormatTest {

    private static final Topic<StepMetrics> STEPS = Topics.STEP_METRICS;

    private final StubRegistry registry = StubRegistry.start();
    private final Map<String, String> properties = Map.of(SchemaRegistry.URL, registry.url());
    private WireFormat format = WireFormat.SINGLE_OBJECT;

    @BeforeEach
    void deploy() {
        SchemaRegistry.of(properties).registerMissing();
        format = WireFormat.of(properties);
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    static Stream<Topic<?>> topics() {
        return Topics.all().stream();
    }

    @ParameterizedTest
    @MethodSource("topics")
    <T extends SpecificRecord> void aValueIsZeroThenTheIdThenAvro(Topic<T> topic) {
        byte[] singleObject = Specimens.bytes(topic.wire().schema());
        byte[] value = format.encode(topic, topic.wire().decode(singleObject));

        assertThat(value[0]).isZero();
        assertThat(ByteBuffer.wrap(value, 1, 4).getInt())
                .isEqualTo(format.newestId(topic))
                .isGreaterThan(100);
        assertThat(Arrays.copyOfRange(value, 5, value.length))
                .isEqualTo(Arrays.copyOfRange(singleObject, 10, singleObject.length));
        assertThat(format.fromKafka(topic.name(), value)).isEqualTo(singleObject);
    }

    /** Written down as fastavro 1.12.2 read them: {@code schemaless_reader(BytesIO(value[5:]), schema)} gave the specimen, value for value. */
    @Test
    void theBytesAreThoseThatPythonReads() {
        byte[] value = format.encode(STEPS, specimen());

        assertThat(HexFormat.of().formatHex(value))
                .isEqualTo("00" + "%08x".formatted(format.newestId(STEPS))
                        + "14736f6d652072756e49640406080a0000c8400000000000801c40"
                        + "000000000040204000001441000024410000344100004441b689e2ed60");
    }

    @Test
    void apicuriosOwnSerdeWritesTheSameAndReadsOurs() {
        Map<String, Object> settings = new HashMap<>(properties);
        settings.put("apicurio.registry.url", registry.url() + "/apis/registry/v3");
        settings.put("apicurio.registry.http.adapter", "JDK");
        settings.put("apicurio.registry.find-latest", true);
        byte[] ours = format.encode(STEPS, specimen());
        try (AvroKafkaSerializer<StepMetrics> theirs = new AvroKafkaSerializer<>();
                AvroKafkaDeserializer<GenericRecord> reader = new AvroKafkaDeserializer<>()) {
            theirs.configure(settings, false);
            reader.configure(settings, false);

            assertThat(theirs.serialize(STEPS.name(), specimen())).isEqualTo(ours);
            assertThat(reader.deserialize(STEPS.name(), ours).get("step"))
                    .isEqualTo(specimen().getStep());
        }
    }

    /** As Confluent's deserializer does it: the id, the schema from the Confluent API, then Avro. */
    @Test
    void aReaderOfTheConfluentApiReadsOurs() throws Exception {
        byte[] ours = format.encode(STEPS, specimen());
        int id = ByteBuffer.wrap(ours, 1, 4).getInt();
        Confluent confluent = new Confluent(registry.url());

        assertThat(confluent.latestId(STEPS.name() + "-value")).isEqualTo(id);
        GenericRecord read = new GenericDatumReader<GenericRecord>(confluent.schema(id))
                .read(null, DecoderFactory.get().binaryDecoder(ours, 5, ours.length - 5, null));
        assertThat(read.get("runId").toString()).isEqualTo(specimen().getRunId());
    }

    @Test
    void aRecordWithoutAValueIsRefusedInASentence() {
        for (WireFormat each : List.of(format, WireFormat.SINGLE_OBJECT)) {
            assertThatThrownBy(() -> each.decode(STEPS, null))
                    .isInstanceOf(SerializationException.class)
                    .hasMessage("the record has no value");
        }
        assertThatThrownBy(() -> STEPS.wire().decode(null))
                .isInstanceOf(SerializationException.class)
                .hasMessage("the record has no value");
    }

    @Test
    void oneTopicMayHoldBothFormats() {
        for (byte[] value :
                List.of(format.encode(STEPS, specimen()), STEPS.wire().encode(specimen()))) {
            assertThat(format.decode(STEPS, value)).isEqualTo(specimen());
            assertThat(STEPS.valueSerde(format).deserializer().deserialize("any", value))
                    .isEqualTo(specimen());
        }
    }

    @Test
    void withoutARegistryItSaysWhatIsMissing() {
        byte[] value = format.encode(STEPS, specimen());

        assertThatThrownBy(() -> WireFormat.of(Map.of()).decode(STEPS, value))
                .isInstanceOf(SerializationException.class)
                .hasMessageContaining("for which a registry must be named with --schema-registry URL");
    }

    @Test
    void aNewerSchemaThanOursIsReadWithItself() throws IOException {
        Schema newer = withField(STEPS.wire().schema(), "temperature");
        int id = registry.add(STEPS.name() + "-value", newer);
        GenericRecord record = new GenericData.Record(newer);
        StepMetrics ours = specimen();
        ours.getSchema().getFields().forEach(field -> record.put(field.name(), ours.get(field.pos())));
        record.put("temperature", 36.6);

        assertThat(format.decode(STEPS, framed(id, newer, record))).isEqualTo(ours);
    }

    @Test
    void onceConnectedNothingIsAskedAnyMore() {
        byte[] value = format.encode(STEPS, specimen());
        int asked = registry.requests().size();

        format.decode(STEPS, value);
        format.decode(
                Topics.RUN_EVENTS,
                format.toKafka(
                        Topics.RUN_EVENTS.name(),
                        Specimens.bytes(Topics.RUN_EVENTS.wire().schema())));
        assertThat(registry.requests()).hasSize(asked);
        registry.close();
        assertThat(format.decode(STEPS, format.encode(STEPS, specimen()))).isEqualTo(specimen());
    }

    @Test
    void anIdThatTheRegistryDoesNotKnowIsAskedForOnce() {
        byte[] value = ByteBuffer.allocate(40).put((byte) 0).putInt(77_777).array();
        int asked = registry.requests().size();
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> format.decode(STEPS, value))
                    .isInstanceOf(SerializationException.class)
                    .hasMessage("These 40 bytes name the schema 77777, which the registry " + registry.url()
                            + " does not know");
        }
        assertThat(registry.requests()).hasSize(asked + 1);
    }

    @Test
    void aNewIdWhileTheRegistryIsAwayIsNoFaultOfTheRecord() {
        byte[] value = ByteBuffer.allocate(40).put((byte) 0).putInt(77_777).array();
        registry.close();

        assertThatThrownBy(() -> format.decode(STEPS, value))
                .isInstanceOf(SchemaRegistryException.class)
                .hasMessageContaining("The schema registry " + registry.url() + " does not answer (");
    }

    @Test
    void theSchemaOfAnotherRecordIsRefused() {
        byte[] evaluation = format.toKafka(
                Topics.EVALUATIONS.name(),
                Specimens.bytes(Topics.EVALUATIONS.wire().schema()));

        assertThatThrownBy(() -> format.decode(STEPS, evaluation)).isInstanceOf(SerializationException.class);
    }

    @ParameterizedTest
    @MethodSource("topics")
    <T extends SpecificRecord> void spoiltValuesAreReadOrRefusedButNothingElse(Topic<T> topic) {
        byte[] whole = format.toKafka(topic.name(), Specimens.bytes(topic.wire().schema()));
        Random random = new Random(whole.length);
        for (int i = 0; i < 2_000; i++) {
            byte[] spoilt = Arrays.copyOf(whole, random.nextInt(8) == 0 ? random.nextInt(whole.length) : whole.length);
            for (int k = random.nextInt(4); k >= 0 && spoilt.length > 5; k--) {
                spoilt[5 + random.nextInt(spoilt.length - 5)] = (byte) random.nextInt();
            }
            try {
                assertThat(format.decode(topic, spoilt)).isNotNull();
            } catch (SerializationException e) {
                assertThat(e).hasMessageContaining("bytes");
            }
        }
    }

    private static StepMetrics specimen() {
        return STEPS.wire().decode(Specimens.bytes(STEPS.wire().schema()));
    }

    private static Schema withField(Schema schema, String name) {
        List<Schema.Field> fields = new java.util.ArrayList<>();
        schema.getFields().forEach(field -> fields.add(new Schema.Field(field, field.schema())));
        fields.add(new Schema.Field(
                name,
                Schema.createUnion(Schema.create(Schema.Type.NULL), Schema.create(Schema.Type.DOUBLE)),
                "New.",
                Schema.Field.NULL_DEFAULT_VALUE));
        return Schema.createRecord(schema.getName(), schema.getDoc(), schema.getNamespace(), false, fields);
    }

    private static byte[] framed(int id, Schema schema, GenericRecord record) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
        encoder.flush();
        return out.toByteArray();
    }
}
