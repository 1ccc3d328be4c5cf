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
import org.apache.kafka.clients.CommonClientConfigs;
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

    private static final List<String> FLAGS =
            List.of("bootstrap-servers", "kafka-config", "schema-registry", "checkpoints", "parallelism");

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
     * that is not given comes from the environment, {@code --kafka-config} from {@code COUPLET_KAFKA_CONFIG}, where an empty value is none; the brokers may also be named
     * by {@code bootstrap.servers} in the file.
     *
     * @throws IllegalArgumentException when there is another flag, the brokers are missing, a number is none or the file cannot be read; the message is one sentence
     */
    static JobSettings fromArguments(String[] arguments) {
        return fromArguments(arguments, System.getenv());
    }

    static JobSettings fromArguments(String[] arguments, Map<String, String> environment) {
        Map<String, String> given = given(arguments, environment);
        Map<String, String> client = new HashMap<>();
        if (given.containsKey("kafka-config")) {
            client.putAll(properties(given.get("kafka-config")));
        }
        String inFile = client.remove(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
        String bootstrapServers = given.getOrDefault("bootstrap-servers", inFile == null ? "" : inFile);
        if (bootstrapServers.isBlank()) {
            throw new IllegalArgumentException("--bootstrap-servers is missing: name a broker, e.g. kafka:9092");
        }
        if (given.containsKey("schema-registry")) {
            client.put(SchemaRegistry.URL, given.get("schema-registry"));
        }
        return new JobSettings(
                bootstrapServers,
                client,
                given.get("checkpoints"),
                parallelism(given.getOrDefault("parallelism", "0")));
    }

    /** Values that are not blank, by the flag's name without dashes. */
    private static Map<String, String> given(String[] arguments, Map<String, String> environment) {
        Map<String, String> given = new HashMap<>();
        for (String flag : FLAGS) {
            given.put(
                    flag,
                    environment.getOrDefault("COUPLET_" + flag.replace('-', '_').toUpperCase(Locale.ROOT), ""));
        }
        for (int at = 0; at < arguments.length; at += 2) {
            String flag = arguments[at].startsWith("--") ? arguments[at].substring(2) : "";
            if (!given.containsKey(flag)) {
                throw new IllegalArgumentException("There is no " + arguments[at] + ": the flags are --"
                        + String.join(", --", FLAGS) + ", each with its value behind it");
            }
            if (at + 1 == arguments.length) {
                throw new IllegalArgumentException(arguments[at] + " has no value: write it behind the flag");
            }
            given.put(flag, arguments[at + 1]);
        }
        given.values().removeIf(String::isBlank);
        return given;
    }

    private static Map<String, String> properties(String file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(file))) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "--kafka-config " + file + " cannot be read: give a Java properties file", e);
        }
        Map<String, String> map = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> map.put(name, properties.getProperty(name)));
        return map;
    }

    private static int parallelism(String number) {
        try {
            return Integer.parseInt(number.strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--parallelism must be a whole number, was " + number, e);
        }
    }
}
