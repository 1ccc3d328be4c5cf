package io.couplet.flink;

import io.couplet.schemas.SchemaRegistry;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.util.ParameterTool;
import org.jspecify.annotations.Nullable;

/**
 * Where a job reads, writes and remembers.
 *
 * @param bootstrapServers Kafka's brokers
 * @param clientProperties further properties for every Kafka client, as they are (TLS, SASL), and the schema registry's
 * @param checkpoints directory or URI for checkpoints; null leaves them to the cluster's own configuration
 * @param parallelism how many subtasks; 0 leaves it to the cluster
 */
public record JobSettings(
        String bootstrapServers,
        Map<String, String> clientProperties,
        @Nullable String checkpoints,
        int parallelism) {

    public JobSettings {
        if (bootstrapServers.isBlank()) {
            throw new IllegalArgumentException("bootstrapServers must name at least one broker, was empty");
        }
        if (parallelism < 0) {
            throw new IllegalArgumentException("parallelism must not be negative, was " + parallelism);
        }
        clientProperties = Map.copyOf(clientProperties);
    }

    /**
     * Reads {@code --bootstrap-servers HOST:PORT [--kafka-config FILE] [--schema-registry URL] [--checkpoints URI] [--parallelism N]}. As everywhere in Couplet, a flag
     * that is not given comes from the environment, {@code --kafka-config} from {@code COUPLET_KAFKA_CONFIG}, where an empty value is none.
     *
     * @throws IllegalArgumentException when the brokers are missing or a number is none
     * @throws IOException when the file cannot be read
     */
    static JobSettings fromArguments(String[] arguments) throws IOException {
        return fromArguments(arguments, System.getenv());
    }

    static JobSettings fromArguments(String[] arguments, Map<String, String> environment) throws IOException {
        ParameterTool flags = ParameterTool.fromArgs(arguments);
        Map<String, String> given = new HashMap<>();
        for (String flag :
                List.of("bootstrap-servers", "kafka-config", "schema-registry", "checkpoints", "parallelism")) {
            String variable = "COUPLET_" + flag.replace('-', '_').toUpperCase(Locale.ROOT);
            String value = flags.get(flag, environment.getOrDefault(variable, ""));
            if (!value.isBlank()) {
                given.put(flag, value);
            }
        }
        String bootstrapServers = given.get("bootstrap-servers");
        if (bootstrapServers == null) {
            throw new IllegalArgumentException("--bootstrap-servers is missing: name a broker, e.g. kafka:9092");
        }
        Properties properties = new Properties();
        if (given.containsKey("kafka-config")) {
            try (Reader file = Files.newBufferedReader(Path.of(given.get("kafka-config")))) {
                properties.load(file);
            }
        }
        Map<String, String> client = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> client.put(name, properties.getProperty(name)));
        if (given.containsKey("schema-registry")) {
            client.put(SchemaRegistry.URL, given.get("schema-registry"));
        }
        return new JobSettings(
                bootstrapServers,
                client,
                given.get("checkpoints"),
                Integer.parseInt(given.getOrDefault("parallelism", "0")));
    }
}
