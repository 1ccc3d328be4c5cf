package io.couplet.cli.local;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a {@link LocalSystem}.
 *
 * @param devices one worker each: cpu or gpu:N
 * @param host address the page is served on
 * @param port port the page is served on, 0 for any free one
 * @param coupletVersion for provenance
 * @param gitRevision for provenance; null when unknown
 */
public record LocalSettings(
        List<String> devices,
        String host,
        int port,
        String coupletVersion,
        @Nullable String gitRevision) {

    public LocalSettings {
        devices = List.copyOf(devices);
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port must be from 0 to 65535, was " + port);
        }
    }
}
