package io.couplet.cli.local;

import io.couplet.trainer.worker.TrainerSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a {@link LocalSystem}.
 *
 * @param devices one worker each: cpu or gpu:N
 * @param host address the page is served on
 * @param port port the page is served on, 0 for any free one
 * @param coupletVersion for provenance
 * @param gitRevision for provenance; null when unknown
 * @param clientProperties further properties of all Kafka clients, the schema registry's
 * @param trainer has the last word on the trainer's settings; given where checkpoints go unless it says otherwise
 */
public record LocalSettings(
        List<String> devices,
        String host,
        int port,
        String coupletVersion,
        @Nullable String gitRevision,
        Map<String, String> clientProperties,
        BiFunction<TrainerSettings, Path, TrainerSettings> trainer) {

    /** Checkpoints in the data directory, after each rung. */
    public LocalSettings(
            List<String> devices, String host, int port, String coupletVersion, @Nullable String gitRevision) {
        this(
                devices,
                host,
                port,
                coupletVersion,
                gitRevision,
                Map.of(),
                (settings, checkpoints) -> settings.withCheckpoints(checkpoints, 0));
    }

    public LocalSettings {
        devices = List.copyOf(devices);
        clientProperties = Map.copyOf(clientProperties);
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port must be from 0 to 65535, was " + port);
        }
    }
}
