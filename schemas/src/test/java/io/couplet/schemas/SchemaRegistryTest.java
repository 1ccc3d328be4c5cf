package io.couplet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.registry.StubRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SchemaRegistryTest {

    private static final Topic<?> EVENTS = Topics.RUN_EVENTS;

    private final StubRegistry stub = StubRegistry.start();
    private final Map<String, String> properties = Map.of(SchemaRegistry.URL, stub.url());
    private final SchemaRegistry registry = SchemaRegistry.of(properties);

    @AfterEach
    void stop() {
        stub.close();
    }

    @Test
    void registeringTwiceRegistersOnce() {
        assertThat(registry.problems()).hasSize(Topics.all().size());
        SchemaRegistry.Result first = registry.registerMissing();
        assertThat(first.existing()).isEmpty();
        assertThat(first.registered())
                .contains("StepMetrics 1", "RunEvent 1")
                .hasSize(Topics.all().stream()
                        .mapToInt(
                                topic -> SchemaHistory.of(topic.wire().schema().getName())
                                        .size())
                        .sum());

        SchemaRegistry.Result second = registry.registerMissing();
        assertThat(second.registered()).isEmpty();
        assertThat(second.existing()).isEqualTo(first.registered());
        assertThat(registry.problems()).isEmpty();
    }

    @Test
    void aFieldThatIsMissingThereWithoutADefaultIsNamedWithItsFix() {
        stub.add(EVENTS.name() + "-value", without(EVENTS.wire().schema(), "runId"));

        assertThatThrownBy(registry::registerMissing)
                .isInstanceOf(SchemaRegistryException.class)
                .hasMessage(
                        "RunEvent of couplet.run-events.v1 does not fit version 1 of couplet.run-events.v1-value in the schema registry "
                                + stub.url()
                                + ": its field runId, which version 1 lacks, has no default: give it one.");
        assertThat(stub.requests()).noneMatch(request -> request.startsWith("POST"));
    }

    @Test
    void aFieldThatIsGoneIsNamedWithItsFix() {
        stub.add(EVENTS.name() + "-value", with(EVENTS.wire().schema(), "mood", Schema.create(Schema.Type.STRING)));

        assertThatThrownBy(registry::registerMissing)
                .hasMessageEndingWith(": its field mood of version 1 is gone and had no default: bring it back.");
    }

    @Test
    void aFieldOfAnotherTypeIsNamedWithItsFix() {
        Schema other = with(without(EVENTS.wire().schema(), "runId"), "runId", Schema.create(Schema.Type.LONG));
        stub.add(EVENTS.name() + "-value", other);

        assertThatThrownBy(registry::registerMissing)
                .hasMessageContaining(": its field runId has another type than in version 1 (")
                .hasMessageEndingWith("): bring the type back, and add an optional field instead.");
    }

    @Test
    void whatSomebodyElseRegisteredAndFitsStays() {
        stub.add(
                EVENTS.name() + "-value",
                with(
                        EVENTS.wire().schema(),
                        "mood",
                        Schema.createUnion(Schema.create(Schema.Type.NULL), Schema.create(Schema.Type.STRING))));

        registry.registerMissing();
        assertThat(registry.problems()).isEmpty();
        assertThat(WireFormat.of(properties).newestId(EVENTS)).isGreaterThan(101);
    }

    @Test
    void aServiceDoesNotStartBeforeTheSchemasAreDeployed() {
        assertThatThrownBy(() -> WireFormat.of(properties))
                .isInstanceOf(SchemaRegistryException.class)
                .hasMessage("The schema registry " + stub.url()
                        + " has no RunRequest as this Couplet writes it under couplet.run-requests.v1-value: register it with couplet topics create --schema-registry "
                        + stub.url() + ".");
        assertThat(stub.requests()).noneMatch(request -> request.startsWith("POST"));
    }

    @Test
    void aRegistryThatIsAwayIsOneSentence() {
        stub.close();

        assertThatThrownBy(() -> WireFormat.of(properties))
                .isInstanceOf(SchemaRegistryException.class)
                .hasMessage(
                        "The schema registry " + stub.url()
                                + " does not answer (the connection is refused): check that it runs and that the address of --schema-registry is right.");
    }

    @Test
    void anyPathOfTheRegistrysApisNamesIt() {
        for (String path : List.of("/", "/apis/registry/v3", "/apis/registry/v2/", "/apis/ccompat/v7")) {
            assertThat(SchemaRegistry.of(Map.of(SchemaRegistry.URL, stub.url() + path))
                            .problems())
                    .hasSize(Topics.all().size());
        }
        for (String secret : List.of("https://user:hunter2@registry:8080", "http://user:hunter 2@registry")) {
            assertThatThrownBy(() -> SchemaRegistry.of(Map.of(SchemaRegistry.URL, secret)))
                    .hasMessageStartingWith("The schema registry's address has a user or a password in it: ")
                    .message()
                    .doesNotContain("hunter");
        }
        assertThatThrownBy(() -> SchemaRegistry.of(Map.of(SchemaRegistry.URL, "registry:8080")))
                .hasMessage(
                        "The schema registry's address is no URL, was 'registry:8080': give one like http://registry:8080.");
    }

    private static Schema with(Schema schema, String name, Schema type) {
        List<Schema.Field> fields = copy(schema);
        fields.add(
                type.getType() == Schema.Type.UNION
                        ? new Schema.Field(name, type, "New.", Schema.Field.NULL_DEFAULT_VALUE)
                        : new Schema.Field(name, type, "New."));
        return record(schema, fields);
    }

    private static Schema without(Schema schema, String name) {
        List<Schema.Field> fields = copy(schema);
        fields.removeIf(field -> field.name().equals(name));
        return record(schema, fields);
    }

    private static List<Schema.Field> copy(Schema schema) {
        List<Schema.Field> fields = new ArrayList<>();
        schema.getFields().forEach(field -> fields.add(new Schema.Field(field, field.schema())));
        return fields;
    }

    private static Schema record(Schema schema, List<Schema.Field> fields) {
        return Schema.createRecord(schema.getName(), schema.getDoc(), schema.getNamespace(), false, fields);
    }
}
