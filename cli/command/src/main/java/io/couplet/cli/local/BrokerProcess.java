package io.couplet.cli.local;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded broker in a JVM of its own, which keeps Scala, the broker's heap and its log out of ours.
 *
 * <p>It ends with {@link #close()}, and within a second or two when this JVM ends in any other way. Ctrl-C in a terminal reaches the whole
 * process group; the broker ignores it, so that whoever is stopping can still send its last records.
 */
public final class BrokerProcess implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(BrokerProcess.class);
    /** 2 s on an idle machine, 7 s more after a crash, 40 s have been seen on a crowded one. */
    private static final Duration TIME_TO_START = Duration.ofSeconds(180);

    private static final Duration TIME_TO_STOP = Duration.ofSeconds(20);
    private static final int CANNOT_START = 2;
    private static final Path SHELL = Path.of("/bin/sh");
    private static final int LINES_KEPT = 20;

    private final Process process;
    private final Path directory;
    private final Lines errors;
    private final String bootstrapServers;

    private BrokerProcess(Process process, Path directory, Duration timeToStart) {
        this.process = process;
        this.directory = directory;
        CompletableFuture<String> address = new CompletableFuture<>();
        Lines output = new Lines(process.getInputStream(), address);
        errors = new Lines(process.getErrorStream(), new CompletableFuture<>());
        output.start("broker-stdout");
        errors.start("broker-stderr");
        bootstrapServers = await(address, timeToStart);
        LOG.info("Broker {} serves {} from {}", process.pid(), bootstrapServers, directory);
    }

    /**
     * Starts the broker and returns when it serves.
     *
     * @param directory where its data and its log are, created when missing
     * @param port the port for clients, 0 for any free one
     * @throws UserError when the port is taken or the directory cannot be written or is in use
     * @throws BrokerProcessException when it does not come up for another reason
     */
    public static BrokerProcess start(Path directory, int port) {
        return start(directory, port, TIME_TO_START);
    }

    static BrokerProcess start(Path directory, int port, Duration timeToStart) {
        List<String> command = command(
                directory.toAbsolutePath().normalize(),
                port,
                BrokerClassPath.locate(System.getProperty(BrokerClassPath.HOME)));
        try {
            Process process = new ProcessBuilder(command).start();
            return new BrokerProcess(process, directory, timeToStart);
        } catch (IOException e) {
            throw new BrokerProcessException("The broker's process cannot be started (%s).".formatted(e), e);
        }
    }

    private static List<String> command(Path directory, int port, String classPath) {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(SHELL)) {
            // An ignored signal stays ignored across exec, and the JVM respects that.
            command.addAll(List.of(SHELL.toString(), "-c", "trap '' INT HUP; exec \"$@\"", "couplet-broker"));
        }
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx384m",
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:ErrorFile=" + directory.resolve("broker-crash.log"),
                "-Djava.awt.headless=true",
                "-cp",
                classPath,
                BrokerClassPath.MAIN_CLASS,
                "--directory",
                directory.toString(),
                "--port",
                String.valueOf(port),
                "--parent-pid",
                String.valueOf(ProcessHandle.current().pid())));
        return command;
    }

    /** The address for {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return bootstrapServers;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Done when the process has ended, for whatever reason. */
    public CompletableFuture<Void> ended() {
        return process.onExit().thenAccept(ignored -> {});
    }

    public Path logFile() {
        return directory.resolve("broker.log");
    }

    /** Stops the broker: first politely, so that it flushes; after twenty seconds by force. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(TIME_TO_STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("Broker {} did not stop within {} s: killing it", process.pid(), TIME_TO_STOP.toSeconds());
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private String await(CompletableFuture<String> address, Duration timeToStart) {
        try {
            return address.get(timeToStart.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new BrokerProcessException("Interrupted while the broker started.", e);
        } catch (TimeoutException e) {
            process.destroyForcibly();
            throw new BrokerProcessException(
                    "The broker was not ready within %d s; see %s.".formatted(timeToStart.toSeconds(), logFile()), e);
        } catch (ExecutionException e) {
            throw diedAtStart();
        }
    }

    private RuntimeException diedAtStart() {
        try {
            int exitCode = process.waitFor();
            String said = errors.whole();
            if (exitCode == CANNOT_START) {
                return new UserError(said); // the child's own sentence: its port is taken, its directory not writable
            }
            return new BrokerProcessException("The broker ended with exit code %d while it started%s; see %s."
                    .formatted(exitCode, said.isEmpty() ? "" : " (" + said + ")", logFile()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new BrokerProcessException("Interrupted while the broker started.", e);
        }
    }

    /** Reads a stream to its end, so that the child never waits for us; hands out the first line and keeps the first few. */
    private static final class Lines {

        private final InputStream stream;
        private final CompletableFuture<String> first;
        private final List<String> kept = new ArrayList<>();
        private final CompletableFuture<Void> done = new CompletableFuture<>();

        Lines(InputStream stream, CompletableFuture<String> first) {
            this.stream = stream;
            this.first = first;
        }

        void start(String threadName) {
            Thread thread = new Thread(this::read, threadName);
            thread.setDaemon(true);
            thread.start();
        }

        private void read() {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
                    Stream<String> lines = reader.lines()) {
                lines.forEach(this::take);
            } catch (IOException | UncheckedIOException e) {
                LOG.debug("The broker's stream ended", e);
            } finally {
                first.completeExceptionally(new IOException("no line"));
                done.complete(null);
            }
        }

        private synchronized void take(String line) {
            first.complete(line);
            if (kept.size() < LINES_KEPT) {
                kept.add(line);
            }
        }

        /** Waits for the end of the stream. */
        String whole() {
            done.join();
            synchronized (this) {
                return String.join(" ", kept).strip();
            }
        }
    }
}
