package io.couplet.cli;

import io.couplet.cli.local.BrokerProcess;
import io.couplet.cli.local.DataDirectory;
import io.couplet.cli.local.RunningSystem;
import io.couplet.cli.local.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.CommonClientConfigs;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The Kafka a command means: the one that is named, or else that of the {@code couplet run} going on here. */
final class ReachOptions {

    @Mixin
    KafkaOptions kafka = new KafkaOptions();

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = DataDirOption.DEFAULT,
            description = "Directory of the `couplet run` to reach when no Kafka is named (default: ${DEFAULT-VALUE}).")
    Path dataDirectory = Path.of(DataDirOption.DEFAULT);

    /**
     * Reads with the clients' properties, as {@link #reached} has them.
     *
     * @throws UserError when no Kafka is named and there is none in the data directory
     */
    <T> T reading(Function<Map<String, String>, T> read) {
        try (Reached reached = reached()) {
            return read.apply(reached.clientProperties());
        }
    }

    /**
     * The Kafka that is meant; where none is named and nothing runs in the data directory, its broker is started until this is closed.
     *
     * @throws UserError when no Kafka is named and there is none in the data directory
     */
    Reached reached() {
        if (isThere()) {
            return new Reached(clientProperties(), null, null);
        }
        if (!Files.isDirectory(dataDirectory.resolve("kafka"))) {
            throw new UserError("There is no study in " + dataDirectory
                    + ": start one with `couplet run`, or name a Kafka with --bootstrap-servers HOST:PORT.");
        }
        DataDirectory data = DataDirectory.take(dataDirectory);
        try {
            BrokerProcess broker = BrokerProcess.start(data.kafka(), 0);
            Map<String, String> properties = new HashMap<>(kafka.registryProperties());
            properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers());
            return new Reached(properties, data, broker);
        } catch (RuntimeException e) {
            data.close();
            throw e;
        }
    }

    /**
     * A Kafka within reach.
     *
     * @param data directory whose broker was started for this; null when it ran before
     * @param broker the broker that was started; null when it ran before
     */
    record Reached(
            Map<String, String> clientProperties,
            @Nullable DataDirectory data,
            @Nullable BrokerProcess broker) implements AutoCloseable {

        /** Whether somebody may be there who obeys orders: not where only the broker was started. */
        boolean obeys() {
            return broker == null;
        }

        @Override
        public void close() {
            if (broker != null) {
                broker.close();
            }
            if (data != null) {
                data.close();
            }
        }
    }

    /** Whether a Kafka is named or runs in the data directory. */
    boolean isThere() {
        return kafka.given() || RunningSystem.in(dataDirectory).isPresent();
    }

    /**
     * The clients' properties.
     *
     * @throws UserError when no Kafka is named and nothing runs in the data directory
     */
    Map<String, String> clientProperties() {
        if (kafka.given()) {
            return kafka.clientProperties();
        }
        return RunningSystem.in(dataDirectory)
                .map(system -> {
                    Map<String, String> properties = new HashMap<>(system.clientProperties());
                    properties.putAll(kafka.registryProperties());
                    return properties;
                })
                .orElseThrow(() -> new UserError("No couplet runs in " + dataDirectory
                        + ": start one with `couplet run`, or name a Kafka with --bootstrap-servers HOST:PORT."));
    }
}
