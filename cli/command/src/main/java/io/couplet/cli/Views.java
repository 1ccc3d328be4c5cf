package io.couplet.cli;

import io.couplet.view.LiveView;
import io.couplet.view.LiveViewSettings;
import io.couplet.view.http.Access;
import io.couplet.view.model.ViewModel;
import io.couplet.view.report.ReportReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;

/** How the commands that look reach the view. */
final class Views {

    static final Duration PATIENCE = Duration.ofSeconds(60);

    private Views() {}

    static LiveViewSettings settings(
            Map<String, String> clientProperties, Path stateDirectory, String host, int port, Access access) {
        return new LiveViewSettings(
                bootstrapServers(clientProperties), clientProperties, stateDirectory, host, port, access);
    }

    /** @throws IllegalStateException in one sentence, when the view reads no more: what it shows grows old and nobody could tell */
    static void requireReading(LiveView view) {
        String failure = view.failure();
        if (failure != null) {
            throw new IllegalStateException(failure);
        }
    }

    /** Everything in the topics, as they are now. */
    static ViewModel read(Map<String, String> clientProperties) {
        return ReportReader.read(bootstrapServers(clientProperties), clientProperties, PATIENCE);
    }

    /** What some of the topics tell, as they are now. */
    static ViewModel read(Map<String, String> clientProperties, List<String> topics) {
        return ReportReader.read(bootstrapServers(clientProperties), clientProperties, PATIENCE, topics);
    }

    /** {@code bootstrap.servers} of clients' properties; empty when there is none. */
    static String bootstrapServers(Map<String, String> clientProperties) {
        return clientProperties.getOrDefault(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, "");
    }
}
