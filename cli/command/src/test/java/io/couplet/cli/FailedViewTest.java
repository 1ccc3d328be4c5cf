package io.couplet.cli;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.view.LiveViewSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What looks ends when it reads no more: numbers that stand still would look like a study that does. */
@Timeout(180)
class FailedViewTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @Test
    void aDashboardAndAWatchThatReadNoMoreEndWithASentence() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
            Path kafka = Files.writeString(directory.resolve("kafka.properties"), "metadata.max.age.ms=500\n");
            List<Object> flags = List.of("--bootstrap-servers", broker.bootstrapServers(), "--kafka-config", kafka);
            CompletableFuture<Ended> dashboard = ended("dashboard", flags, "--port", "0");
            CompletableFuture<Ended> watch = ended("watch", flags, "--json");
            await().atMost(60, SECONDS).until(() -> views(admin) == 2);

            admin.deleteTopics(List.of(Topics.LAYER_STATISTICS.name())).all().get(30, SECONDS);

            for (CompletableFuture<Ended> command : List.of(dashboard, watch)) {
                Ended ended = command.get(90, SECONDS);
                assertThat(ended.exitCode()).isEqualTo(Errors.FAILED);
                assertThat(ended.err().lines()).singleElement().asString().startsWith("couplet: ");
            }
        }
    }

    private static CompletableFuture<Ended> ended(String command, List<Object> flags, String... more) {
        List<Object> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(flags);
        arguments.addAll(List.of(more));
        return CompletableFuture.supplyAsync(() -> Ended.couplet(arguments));
    }

    private static long views(Admin admin) throws Exception {
        return admin.listGroups().all().get(10, SECONDS).stream()
                .filter(group -> group.groupId().startsWith(LiveViewSettings.GROUP_PREFIX))
                .count();
    }
}
