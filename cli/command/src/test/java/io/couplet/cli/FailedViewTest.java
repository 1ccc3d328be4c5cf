package io.couplet.cli;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.TopicCreation;
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

/** What reads no more ends: numbers that stand still would look like a study that does, and a stopper that only looks alive is started again by nobody. */
@Timeout(180)
class FailedViewTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @Test
    void aDashboardAWatchAndAStopperThatReadNoMoreEndWithASentence() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
            // A view's group has no offsets, and with this it may not begin at the beginning.
            // The short session lets a reader that is replaced join sooner.
            Path kafka = Files.writeString(
                    directory.resolve("kafka.properties"),
                    "main.consumer.auto.offset.reset=none\nsession.timeout.ms=6000\nheartbeat.interval.ms=2000\n");
            List<Object> flags = List.of("--bootstrap-servers", broker.bootstrapServers(), "--kafka-config", kafka);
            CompletableFuture<Ended> dashboard = ended("dashboard", flags, "--port", "0");
            CompletableFuture<Ended> watch = ended("watch", flags, "--json");

            CompletableFuture<Ended> stopper = ended("stopper", flags);

            assertFailed(dashboard, "couplet: The view's reader failed 4 times");
            assertFailed(watch, "couplet: The view's reader failed 4 times");
            assertFailed(stopper, "couplet: The early stopper failed 4 times");
        }
    }

    private static void assertFailed(CompletableFuture<Ended> command, String sentence) throws Exception {
        Ended ended = command.get(150, SECONDS);
        assertThat(ended.exitCode()).isEqualTo(Errors.FAILED);
        assertThat(ended.err().lines()).singleElement().asString().startsWith(sentence);
    }

    private static CompletableFuture<Ended> ended(String command, List<Object> flags, String... more) {
        List<Object> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(flags);
        arguments.addAll(List.of(more));
        return CompletableFuture.supplyAsync(() -> Ended.couplet(arguments));
    }
}
