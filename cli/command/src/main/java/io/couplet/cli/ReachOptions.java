package io.couplet.cli;

import io.couplet.cli.local.RunningSystem;
import io.couplet.cli.local.UserError;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
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
