package io.couplet.cli.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunningSystemTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @Test
    void aSystemIsFoundUntilItIsWithdrawn() {
        RunningSystem.announce(directory, "127.0.0.1:9", "http://127.0.0.1:8/", null);
        assertThat(RunningSystem.in(directory))
                .hasValueSatisfying(system -> assertThat(system.clientProperties())
                        .containsExactly(java.util.Map.entry("bootstrap.servers", "127.0.0.1:9")));
        RunningSystem.withdraw(directory);
        assertThat(RunningSystem.in(directory)).isEmpty();
    }

    @Test
    void whoLooksWhileItIsAnnouncedFindsAllOfItOrNothing() throws Exception {
        RunningSystem.announce(directory, "127.0.0.1:9", "http://127.0.0.1:8/", null);
        Thread announcing = new Thread(() -> {
            for (int i = 0; i < 500; i++) {
                RunningSystem.announce(directory, "127.0.0.1:9", "http://127.0.0.1:8/", null);
            }
        });
        announcing.start();
        while (announcing.isAlive()) {
            assertThat(RunningSystem.in(directory))
                    .hasValueSatisfying(system -> assertThat(system.dashboard()).isEqualTo("http://127.0.0.1:8/"));
        }
        announcing.join();
    }

    @Test
    void aLaterProcessOfTheSameNumberIsNotTheSystem() throws IOException {
        RunningSystem.announce(directory, "127.0.0.1:9", "http://127.0.0.1:8/", null);
        Path file = directory.resolve("running.properties");
        String told = Files.readString(file);
        assertThat(told).contains("started=");
        Files.writeString(file, told.replaceAll("started=.*", "started=2020-01-01T00\\:00\\:00Z"));
        assertThat(RunningSystem.in(directory)).isEmpty();
        Files.writeString(file, told.replaceAll("started=.*", "")); // as former versions wrote it
        assertThat(RunningSystem.in(directory)).isPresent();
    }
}
