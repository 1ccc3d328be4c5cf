package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.schemas.SchemaRegistry;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How to reach Kafka; the file goes to every client as it is. */
final class KafkaOptions {

    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = "Kafka to connect to, comma separated.")
    @Nullable
    String bootstrapServers;

    @Option(
            names = "--kafka-config",
            paramLabel = "FILE",
            description = "Properties for all Kafka clients, as they are (TLS, SASL).")
    @Nullable
    Path kafkaConfig;

    @Option(
            names = "--schema-registry",
            paramLabel = "URL",
            description =
                    "Apicurio Registry that has the schemas; values are then in the Confluent wire format (default: none, Avro's single-object encoding).")
    @Nullable
    String schemaRegistry;

    /** Whether the user named a Kafka at all. */
    boolean given() {
        return bootstrapServers != null || kafkaConfig != null;
    }

    /**
     * The clients' properties, {@code bootstrap.servers} among them.
     *
     * @throws UserError when the file cannot be read or no server is named
     */
    Map<String, String> clientProperties() {
        Map<String, String> properties = new HashMap<>(fromFile());
        if (bootstrapServers != null && !bootstrapServers.isBlank()) {
            for (String server : bootstrapServers.split(",")) {
                if (!server.isBlank() && Utils.getPort(server.strip()) == null) {
                    throw new UserError("--bootstrap-servers " + bootstrapServers + ": '" + server.strip()
                            + "' is no HOST:PORT: write e.g. localhost:9092, several with commas between.");
                }
            }
            properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        }
        properties.putAll(registryProperties());
        if (!properties.containsKey(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG)) {
            throw new UserError(
                    "No Kafka is named: give --bootstrap-servers HOST:PORT (or COUPLET_BOOTSTRAP_SERVERS).");
        }
        return properties;
    }

    /** The property that names the schema registry, if the user does. */
    Map<String, String> registryProperties() {
        return schemaRegistry == null || schemaRegistry.isBlank()
                ? Map.of()
                : Map.of(SchemaRegistry.URL, schemaRegistry);
    }

    private Map<String, String> fromFile() {
        if (kafkaConfig == null) {
            return Map.of();
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(kafkaConfig)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new UserError("--kafka-config " + kafkaConfig + " cannot be read: give a Java properties file.", e);
        }
        Map<String, String> map = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> map.put(name, properties.getProperty(name)));
        return map;
    }
}
