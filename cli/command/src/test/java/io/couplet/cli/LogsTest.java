package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class LogsTest {

    private static final String FORGED = "x\r\n2026-11-28T00:00:00.000Z INFO  forged\u001b[2J\u2028y";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @AfterEach
    void logQuietly() {
        Logs.toStandardError(Level.OFF);
    }

    @Test
    void whatIsLoggedMakesNoLineOfItsOwn() throws IOException {
        Path log = directory.resolve("couplet.log");
        Logs.toFile(log);
        LoggerFactory.getLogger(LogsTest.class)
                .warn("{}", FORGED, new IllegalStateException(FORGED, new IllegalArgumentException(FORGED)));
        LoggerFactory.getLogger(LogsTest.class).warn("next");
        List<String> lines = Files.readAllLines(log);
        assertThat(Files.readString(log)).doesNotContain("\u001b", "\r");
        assertThat(lines.get(0)).endsWith("x??2026-11-28T00:00:00.000Z INFO  forged?[2J?y");
        assertThat(lines.get(1)).startsWith("java.lang.IllegalStateException: x");
        assertThat(lines).anyMatch(line -> line.startsWith("\tat io.couplet.cli.LogsTest."));
        assertThat(lines).anyMatch(line -> line.startsWith("| Caused by: java.lang.IllegalArgumentException: x"));
        assertThat(lines.get(lines.size() - 1)).endsWith(" next");
        assertThat(lines.subList(1, lines.size() - 1)).noneMatch(line -> line.startsWith("2026"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "docker/flink/logback.xml",
                "docker/kafka/logback.xml",
                "cli/embedded-broker/src/main/resources/io/couplet/broker/logback-broker.xml"
            })
    void theOtherLogsAreWrittenLikewise(String file) throws IOException {
        assertThat(Files.readString(Path.of("../..").resolve(file)))
                .contains(Logs.LINE.substring(Logs.LINE.indexOf("%replace")));
    }
}
