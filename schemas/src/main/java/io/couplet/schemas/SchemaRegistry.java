package io.couplet.schemas;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;

/**
 * The schemas of all topics in an Apicurio Registry: put there when Couplet is deployed, never by a running service. The schema of a topic is the artifact {@code
 * <topic>-value} of the default group, which the Confluent API of the same registry calls the subject {@code <topic>-value}.
 */
public final class SchemaRegistry {

    /** The client property that names the registry, Apicurio's own: {@code http://host:port}, with or without the path of one of its APIs. */
    public static final String URL = "apicurio.registry.url";

    private final RegistryClient registry;

    private SchemaRegistry(RegistryClient registry) {
        this.registry = registry;
    }

    /**
     * The registry in the properties of Kafka's clients; connects to nothing.
     *
     * @throws SchemaRegistryException when none is named there or the address is no URL
     */
    public static SchemaRegistry of(Map<String, ?> clientProperties) {
        if (!clientProperties.containsKey(URL)) {
            throw new SchemaRegistryException("No schema registry is named: give --schema-registry URL.", null);
        }
        return new SchemaRegistry(RegistryClient.of(clientProperties));
    }

    /**
     * What was done.
     *
     * @param registered schemas with their version, such as {@code RunEvent 2}, that were missing
     * @param existing those that were there
     */
    public record Result(List<String> registered, List<String> existing) {}

    /**
     * Registers every recorded version of every topic's schema that is missing, oldest first, and has the registry refuse whatever is not {@value
     * RegistryClient#COMPATIBILITY} from then on; doing it twice changes nothing. All schemas are checked before the first is registered.
     *
     * @throws SchemaRegistryException when the registry is away or a schema does not fit what is there, naming the field and the fix
     */
    public Result registerMissing() {
        List<Runnable> steps = new ArrayList<>();
        List<String> registered = new ArrayList<>();
        List<String> existing = new ArrayList<>();
        for (Topic<?> topic : Topics.all()) {
            List<Schema> versions = SchemaHistory.of(topic.wire().schema().getName());
            List<RegistryClient.Version> present = registry.versions(topic.name());
            Set<Long> known = fingerprints(present);
            boolean none = present.isEmpty();
            for (int version = 1; version <= versions.size(); version++) {
                Schema schema = versions.get(version - 1);
                boolean first = none && version == 1;
                String name = schema.getName() + " " + version;
                if (known.contains(SchemaNormalization.parsingFingerprint64(schema))) {
                    existing.add(name);
                    continue;
                }
                requireCompatible(topic, schema, present);
                registered.add(name);
                steps.add(() -> {
                    if (first) {
                        registry.createArtifact(topic.name(), schema);
                        registry.requireCompatibility(topic.name());
                    } else {
                        registry.createVersion(topic.name(), schema);
                    }
                });
            }
            if (!none) {
                steps.add(() -> registry.requireCompatibility(topic.name()));
            }
        }
        steps.forEach(Runnable::run);
        return new Result(List.copyOf(registered), List.copyOf(existing));
    }

    private static Set<Long> fingerprints(List<RegistryClient.Version> versions) {
        Set<Long> fingerprints = new LinkedHashSet<>();
        versions.forEach(version -> fingerprints.add(SchemaNormalization.parsingFingerprint64(version.schema())));
        return fingerprints;
    }

    private void requireCompatible(Topic<?> topic, Schema schema, List<RegistryClient.Version> present) {
        for (RegistryClient.Version version : present) {
            Optional<String> hindrance = Compatibility.hindrance(schema, version.schema(), version.name());
            if (hindrance.isPresent()) {
                throw new SchemaRegistryException(
                        schema.getName() + " of " + topic.name() + " does not fit version " + version.name() + " of "
                                + RegistryClient.artifact(topic.name()) + " in the schema registry " + registry.url()
                                + ": " + hindrance.get(),
                        null);
            }
        }
    }

    /**
     * What is missing or wrong in the registry, a sentence each; empty when all is as {@link #registerMissing} leaves it.
     *
     * @throws SchemaRegistryException when the registry is away
     */
    public List<String> problems() {
        List<String> problems = new ArrayList<>();
        for (Topic<?> topic : Topics.all()) {
            Schema schema = topic.wire().schema();
            String artifact = RegistryClient.artifact(topic.name());
            if (!fingerprints(registry.versions(topic.name()))
                    .contains(SchemaNormalization.parsingFingerprint64(schema))) {
                problems.add("The schema registry " + registry.url() + " lacks the newest " + schema.getName()
                        + " under " + artifact + ": register it with couplet topics create.");
                continue;
            }
            String compatibility = registry.compatibility(topic.name());
            if (!RegistryClient.COMPATIBILITY.equals(compatibility)) {
                problems.add("The compatibility of " + artifact + " in the schema registry " + registry.url() + " is "
                        + (compatibility == null ? "not set" : compatibility) + " and should be "
                        + RegistryClient.COMPATIBILITY + ": set it with couplet topics create.");
            }
        }
        return List.copyOf(problems);
    }
}
