package io.couplet.view.alerts;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Where alerts are read from and posted to.
 *
 * @param bootstrapServers Kafka's addresses
 * @param clientProperties further settings for every Kafka client, taken as they are
 * @param group under which it is remembered what has been told
 * @param url the webhook; a secret
 * @param patience how long an alert is tried before it goes to the dead letters
 * @param firstPause after the first failure; each further one doubles it, up to a minute
 * @param timeout for one post
 * @param leastSilence a run that is silent for less has not stalled
 * @param mostPending alerts in memory; more wait in Kafka
 */
public record AlertSettings(
        String bootstrapServers,
        Map<String, String> clientProperties,
        String group,
        URI url,
        Duration patience,
        Duration firstPause,
        Duration timeout,
        Duration leastSilence,
        int mostPending) {

    /** The default group. */
    public static final String GROUP = "couplet-alerts";

    /** The default patience. */
    public static final Duration PATIENCE = Duration.ofMinutes(15);

    public AlertSettings {
        clientProperties = Map.copyOf(clientProperties);
        String scheme = url.getScheme() == null ? "" : url.getScheme();
        if (!List.of("http", "https").contains(scheme) || url.getHost() == null) {
            throw new IllegalArgumentException("the address must be http://… or https://… with a host");
        }
        if (mostPending < 1) {
            throw new IllegalArgumentException("mostPending must be at least 1, was " + mostPending);
        }
    }

    /** With the defaults: a quarter of an hour's patience, pauses from a second, ten seconds a post, a minute's silence, 1000 alerts. */
    public static AlertSettings of(
            String bootstrapServers, Map<String, String> clientProperties, URI url, Duration patience) {
        return new AlertSettings(
                bootstrapServers,
                clientProperties,
                GROUP,
                url,
                patience,
                Duration.ofSeconds(1),
                Duration.ofSeconds(10),
                Duration.ofMinutes(1),
                1000);
    }

    /** Without the address, which is a secret. */
    @Override
    public String toString() {
        return "AlertSettings[bootstrapServers=" + bootstrapServers + ", group=" + group + ", host=" + url.getHost()
                + ']';
    }
}
