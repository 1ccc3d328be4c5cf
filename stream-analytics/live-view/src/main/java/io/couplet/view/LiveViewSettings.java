package io.couplet.view;

import io.couplet.view.http.Access;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * Where the view reads and where it serves.
 *
 * @param bootstrapServers Kafka's addresses
 * @param clientProperties further settings for every Kafka client, taken as they are
 * @param stateDirectory a directory of its own for Kafka Streams; it keeps nothing there when it stops
 * @param host address to serve on; {@value #LOOPBACK} serves this machine only
 * @param port port to serve on; 0 takes a free one
 * @param access who may read and order; beyond this machine not everybody
 */
public record LiveViewSettings(
        String bootstrapServers,
        Map<String, String> clientProperties,
        Path stateDirectory,
        String host,
        int port,
        Access access) {

    /** The default host. */
    public static final String LOOPBACK = "127.0.0.1";

    private static final Set<String> THIS_MACHINE = Set.of(LOOPBACK, "localhost", "::1", "[::1]");

    /** How the names of the views' consumer groups begin; each view has one of its own. */
    public static final String GROUP_PREFIX = "couplet-live-view-";

    public LiveViewSettings {
        if (bootstrapServers.isBlank()) {
            throw new IllegalArgumentException("bootstrapServers must name a broker, was empty");
        }
        if (host.isBlank()) {
            throw new IllegalArgumentException("host must be an address, was empty");
        }
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port must be between 0 and 65535, was " + port);
        }
        if (access.open() && !onlyThisMachine(host)) {
            throw new IllegalArgumentException("access must name a token or a proxy's header, since host " + host
                    + " can be reached from other machines");
        }
        clientProperties = Map.copyOf(clientProperties);
    }

    /** Whether an address can be reached from this machine only. */
    public static boolean onlyThisMachine(String host) {
        return THIS_MACHINE.contains(host);
    }

    /** For this machine only, on any free port. */
    public static LiveViewSettings local(String bootstrapServers, Path stateDirectory) {
        return new LiveViewSettings(bootstrapServers, Map.of(), stateDirectory, LOOPBACK, 0, Access.OPEN);
    }
}
