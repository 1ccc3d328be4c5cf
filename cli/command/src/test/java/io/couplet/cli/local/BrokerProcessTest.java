package io.couplet.cli.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerProcessTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void servesUntilItIsClosedAndKeepsItsTopics(@TempDir Path directory) throws Exception {
        BrokerProcess first = BrokerProcess.start(directory, 0);
        try (first;
                Admin admin = admin(first)) {
            admin.createTopics(List.of(new NewTopic("kept", 1, (short) 1)))
                    .all()
                    .get();
            assertThat(first.isAlive()).isTrue();
        }
        assertThat(first.isAlive()).isFalse();
        assertThat(first.ended()).succeedsWithin(PATIENCE);
        try (BrokerProcess second = BrokerProcess.start(directory, 0);
                Admin admin = admin(second)) {
            assertThat(admin.listTopics().names().get()).contains("kept");
            assertThat(second.logFile()).isNotEmptyFile();
        }
    }

    @Test
    void afterACrashTheNextOneServesWhatTheFirstHadKept(@TempDir Path directory) throws Exception {
        try (BrokerProcess crashed = BrokerProcess.start(directory, 0);
                Admin admin = admin(crashed)) {
            admin.createTopics(List.of(new NewTopic("kept", 1, (short) 1)))
                    .all()
                    .get();
            ProcessHandle.of(crashed.pid()).orElseThrow().destroyForcibly();
            crashed.ended().get();
        }
        try (BrokerProcess next = BrokerProcess.start(directory, 0);
                Admin admin = admin(next)) {
            assertThat(admin.listTopics().names().get()).contains("kept");
        }
    }

    @Test
    void ctrlCInTheTerminalDoesNotReachIt(@TempDir Path directory) throws Exception {
        try (BrokerProcess broker = BrokerProcess.start(directory, 0);
                Admin admin = admin(broker)) {
            int exitCode = new ProcessBuilder("kill", "-INT", String.valueOf(broker.pid()))
                    .start()
                    .waitFor();
            assertThat(exitCode).isZero();
            admin.createTopics(List.of(new NewTopic("after", 1, (short) 1)))
                    .all()
                    .get();
            assertThat(broker.isAlive()).isTrue();
        }
    }

    @Test
    void aTakenPortIsTheChildsOwnSentence(@TempDir Path directory) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThatThrownBy(() -> BrokerProcess.start(directory, taken.getLocalPort()))
                    .hasMessageStartingWith("Port " + taken.getLocalPort() + " of 127.0.0.1 is taken")
                    .isInstanceOf(UserError.class);
        }
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsTheChildsOwnSentence(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");
        assertThatThrownBy(() -> BrokerProcess.start(file.resolve("broker"), 0))
                .hasMessageStartingWith("The broker cannot write into " + file)
                .hasMessageNotContaining("\n")
                .isInstanceOf(UserError.class);
    }

    @Test
    void aBrokerThatTakesTooLongIsKilledAndItsLogIsNamed(@TempDir Path directory) {
        assertThatThrownBy(() -> BrokerProcess.start(directory, 0, Duration.ofMillis(1)))
                .isInstanceOf(BrokerProcessException.class)
                .hasMessageContaining(directory.resolve("broker.log").toString());
    }

    @Test
    void itEndsWhenItsParentIsKilled(@TempDir Path directory) throws Exception {
        Process parent = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        BrokerOfADyingParent.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader said =
                new BufferedReader(new InputStreamReader(parent.getInputStream(), StandardCharsets.UTF_8))) {
            String line = said.readLine();
            assertThat(line).isNotNull();
            ProcessHandle broker = ProcessHandle.of(Long.parseLong(line.substring(0, line.indexOf(' '))))
                    .orElseThrow();
            assertThat(broker.isAlive()).isTrue();
            parent.destroyForcibly();
            await().atMost(PATIENCE).until(() -> !broker.isAlive());
        } finally {
            parent.destroyForcibly();
        }
    }

    @Test
    void aDistributionWithoutItsBrokerSaysSo(@TempDir Path home) {
        assertThatThrownBy(() -> BrokerClassPath.locate(home.toString()))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("broker.jar is missing");
    }

    private static Admin admin(BrokerProcess broker) {
        return Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    }
}
