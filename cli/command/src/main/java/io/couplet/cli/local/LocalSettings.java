package io.couplet.cli.local;

import io.couplet.trainer.worker.TrainerSettings;
import io.couplet.view.LiveViewSettings;
import io.couplet.view.http.Access;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a {@link LocalSystem}.
 *
 * @param devices one worker each: cpu or gpu:N
 * @param page where the page is served, and to whom
 * @param coupletVersion for provenance
 * @param gitRevision for provenance; null when unknown
 * @param clientProperties further properties of all Kafka clients, the schema registry's
 * @param trainer has the last word on the trainer's settings; given where checkpoints go unless it says otherwise
 */
public record LocalSettings(
        List<String> devices,
        Page page,
        String coupletVersion,
        @Nullable String gitRevision,
        Map<String, String> clientProperties,
        BiFunction<TrainerSettings, Path, TrainerSettings> trainer) {

    /**
     * Where the page is served, and to whom.
     *
     * @param host address
     * @param port 0 for any free one
     * @param access who may read and order
     * @param orders whether anybody may stop, pause and resume runs
     */
    public record Page(String host, int port, Access access, boolean orders) {

        public Page {
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("port must be from 0 to 65535, was " + port);
            }
        }

        /** For anybody on this machine, on any free port. */
        public static Page local() {
            return new Page(LiveViewSettings.LOOPBACK, 0, Access.OPEN, true);
        }
    }

    /** Checkpoints in the data directory, after each rung. */
    public LocalSettings(List<String> devices, Page page, String coupletVersion, @Nullable String gitRevision) {
        this(
                devices,
                page,
                coupletVersion,
                gitRevision,
                Map.of(),
                (settings, checkpoints) -> settings.withCheckpoints(checkpoints, 0));
    }

    public LocalSettings {
        devices = List.copyOf(devices);
        clientProperties = Map.copyOf(clientProperties);
    }
}
