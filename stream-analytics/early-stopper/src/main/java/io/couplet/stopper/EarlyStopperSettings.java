package io.couplet.stopper;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * Where the stopper reads and writes, and under which name.
 *
 * @param bootstrapServers Kafka's addresses
 * @param clientProperties further settings for every Kafka client, taken as they are
 * @param stateDirectory a directory of its own for Kafka Streams
 * @param applicationId the consumer group and the prefix of the changelog; stoppers of one id share the work, and one that
 *     starts again goes on where the last one was
 * @param commitInterval how often progress is written down
 */
public record EarlyStopperSettings(
        String bootstrapServers,
        Map<String, String> clientProperties,
        Path stateDirectory,
        String applicationId,
        Duration commitInterval) {

    /** The default application id. */
    public static final String APPLICATION_ID = "couplet-early-stopper";

    /** The default commit interval. */
    public static final Duration COMMIT_INTERVAL = Duration.ofMillis(100);

    public EarlyStopperSettings {
        if (bootstrapServers.isBlank()) {
            throw new IllegalArgumentException("bootstrapServers must name a broker, was empty");
        }
        if (!applicationId.matches("[A-Za-z0-9._-]+")) {
            throw new IllegalArgumentException(
                    "applicationId may have letters, digits, '.', '_' and '-' only, was '" + applicationId + "'");
        }
        if (commitInterval.toMillis() < 1) {
            throw new IllegalArgumentException("commitInterval must be at least 1 ms, was " + commitInterval);
        }
        clientProperties = Map.copyOf(clientProperties);
    }

    /** With the defaults. */
    public static EarlyStopperSettings of(
            String bootstrapServers, Map<String, String> clientProperties, Path stateDirectory) {
        return new EarlyStopperSettings(
                bootstrapServers, clientProperties, stateDirectory, APPLICATION_ID, COMMIT_INTERVAL);
    }
}
