package io.couplet.schemas;

import io.apicurio.registry.resolver.ParsedSchema;
import io.apicurio.registry.resolver.SchemaParser;
import io.apicurio.registry.resolver.config.SchemaResolverConfig;
import io.apicurio.registry.resolver.strategy.ArtifactReference;
import io.apicurio.registry.serde.AbstractDeserializer;
import io.apicurio.registry.serde.AbstractSerializer;
import io.apicurio.registry.serde.avro.AvroSchemaParser;
import io.apicurio.registry.serde.avro.DefaultAvroDatumProvider;
import io.apicurio.registry.serde.config.SerdeConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;

/**
 * The Confluent wire format by Apicurio's serde: its framing, its 4-byte ids, its lookups. What it is given and gives are values in the single-object encoding, so the
 * Avro itself is copied and not decoded: only a value of a schema that this version of Couplet has never seen is read with the writer's schema and written with its own.
 */
final class ConfluentFormat implements WireFormat {

    private static final byte MAGIC = 0;
    private static final int HEADER_BYTES = 5;
    /** So long an id that the registry did not know is not asked for again: bytes that only look like the format must not cost a request each. */
    private static final long UNKNOWN_NANOS = 10_000_000_000L;

    private static final int MOST_UNKNOWN = 10_000;

    private final RegistryClient registry;
    private final Map<String, InTopic> topics;
    private final Map<Integer, Long> unknownSince = new ConcurrentHashMap<>();

    private ConfluentFormat(RegistryClient registry, Map<String, InTopic> topics) {
        this.registry = registry;
        this.topics = topics;
    }

    static ConfluentFormat of(RegistryClient registry) {
        Map<String, InTopic> topics = new HashMap<>();
        for (Topic<?> topic : Topics.all()) {
            topics.put(topic.name(), inTopic(topic, registry));
        }
        return new ConfluentFormat(registry, Map.copyOf(topics));
    }

    private static InTopic inTopic(Topic<?> topic, RegistryClient registry) {
        long ours = SchemaNormalization.parsingFingerprint64(topic.wire().schema());
        List<RegistryClient.Version> versions = registry.versions(topic.name());
        RegistryClient.Version newest = versions.stream()
                .filter(version -> SchemaNormalization.parsingFingerprint64(version.schema()) == ours)
                .reduce((earlier, later) -> later)
                .orElseThrow(() -> new SchemaRegistryException(
                        "The schema registry " + registry.url() + " has no "
                                + topic.wire().schema().getName() + " as this Couplet writes it under "
                                + RegistryClient.artifact(topic.name())
                                + ": register it with couplet topics create --schema-registry " + registry.url() + ".",
                        null));
        Reader<?> reader = new Reader<>(topic.wire(), registry);
        try {
            versions.forEach(version -> reader.meet(topic.name(), version.id()));
        } catch (RuntimeException e) {
            throw registry.explained(e);
        }
        Writer writer = new Writer(newest.name(), registry);
        try {
            writer.serializeData(topic.name(), new byte[Wire.HEADER_BYTES]); // looks its version up, for good
        } catch (RuntimeException e) {
            throw registry.explained(e);
        }
        return new InTopic(newest.id(), writer, reader);
    }

    private record InTopic(int newestId, Writer writer, Reader<?> reader) {}

    @Override
    public byte[] toKafka(String topic, byte[] singleObject) {
        try {
            return in(topic).writer.serializeData(topic, singleObject);
        } catch (SchemaRegistryException e) {
            throw e;
        } catch (RuntimeException e) { // Apicurio's client wraps what went wrong in any of them
            throw registry.explained(e);
        }
    }

    @Override
    public byte[] fromKafka(String topic, byte[] value) {
        InTopic known = topics.get(topic);
        if (known == null || value.length < HEADER_BYTES || value[0] != MAGIC) {
            return value;
        }
        int id = ByteBuffer.wrap(value, 1, Integer.BYTES).getInt();
        if (isUnknown(id)) {
            throw unknown(value, id);
        }
        try {
            return known.reader.deserializeData(topic, value);
        } catch (SerializationException e) {
            throw e;
        } catch (RuntimeException e) { // Apicurio's client wraps what went wrong in any of them
            if (!RegistryClient.isNotFound(e)) {
                throw registry.explained(e);
            }
            if (unknownSince.size() >= MOST_UNKNOWN) {
                unknownSince.clear();
            }
            unknownSince.put(id, System.nanoTime());
            throw unknown(value, id);
        }
    }

    private boolean isUnknown(int id) {
        Long since = unknownSince.isEmpty() ? null : unknownSince.get(id);
        return since != null && System.nanoTime() - since < UNKNOWN_NANOS;
    }

    private SerializationException unknown(byte[] value, int id) {
        return new SerializationException("These " + value.length + " bytes name the schema "
                + Integer.toUnsignedString(id) + ", which the registry " + registry.url() + " does not know");
    }

    @Override
    public int newestId(Topic<?> topic) {
        return in(topic.name()).newestId;
    }

    private InTopic in(String topic) {
        InTopic known = topics.get(topic);
        if (known == null) {
            throw new IllegalArgumentException(topic + " is none of Couplet's topics with Avro values");
        }
        return known;
    }

    private static SerdeConfig configuration(RegistryClient registry, Map<String, ?> more) {
        Map<String, Object> configuration = registry.serdeConfiguration();
        configuration.putAll(more);
        return new SerdeConfig(configuration);
    }

    private static SchemaParser<Schema, byte[]> parser() {
        return new AvroSchemaParser<>(new DefaultAvroDatumProvider<>());
    }

    /** Writes with one version of a topic's schema. */
    private static final class Writer extends AbstractSerializer<Schema, byte[]> {

        Writer(String version, RegistryClient registry) {
            super(registry.facade());
            configure(configuration(registry, Map.of(SchemaResolverConfig.EXPLICIT_ARTIFACT_VERSION, version)), false);
        }

        @Override
        public SchemaParser<Schema, byte[]> schemaParser() {
            return parser();
        }

        /** One schema per writer, so one entry in its cache. */
        @Override
        protected Object getSchemaCacheKey(byte[] singleObject) {
            return Writer.class;
        }

        @Override
        public void serializeData(ParsedSchema<Schema> schema, byte[] singleObject, OutputStream out)
                throws IOException {
            out.write(singleObject, Wire.HEADER_BYTES, singleObject.length - Wire.HEADER_BYTES);
        }
    }

    /** Reads a topic's values of any version. */
    private static final class Reader<T extends SpecificRecord> extends AbstractDeserializer<Schema, byte[]> {

        private final Wire<T> wire;
        private final Map<Schema, Wire.Rewriter> rewriters = new ConcurrentHashMap<>();

        Reader(Wire<T> wire, RegistryClient registry) {
            super(registry.facade());
            this.wire = wire;
            configure(configuration(registry, Map.of()), false);
        }

        @Override
        public SchemaParser<Schema, byte[]> schemaParser() {
            return parser();
        }

        /** Looks an id up now, so that the registry may be away later. */
        void meet(String topic, int id) {
            resolve(
                    topic,
                    new byte[0],
                    ArtifactReference.builder().contentId((long) id).build());
        }

        @Override
        protected byte[] readData(ParsedSchema<Schema> schema, ByteBuffer buffer, int start, int length) {
            return rewriters
                    .computeIfAbsent(schema.getParsedSchema(), wire::rewriter)
                    .rewrite(buffer.array(), start, length);
        }
    }
}
