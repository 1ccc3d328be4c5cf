package io.couplet.cli.local;

import io.couplet.schemas.SchemaRegistry;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Where a {@code couplet run}, or a {@code couplet tail} with a broker of its own, that is going on can be reached, as it wrote it into its data directory.
 *
 * @param bootstrapServers its broker
 * @param dashboard its page
 * @param schemaRegistry that has the schemas of what it writes; null for none
 * @param pid its process
 */
public record RunningSystem(
        String bootstrapServers, String dashboard, @Nullable String schemaRegistry, long pid) {

    private static final String FILE = "running.properties";
    private static final String STARTED = "started";
    /** A start is reckoned from the machine's, so it moves with a clock that is set while the process runs. */
    private static final Duration CLOCK_CORRECTION = Duration.ofSeconds(10);

    /** The system that runs in a data directory, if one does. */
    public static Optional<RunningSystem> in(Path dataDirectory) {
        Path file = dataDirectory.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        RunningSystem system = new RunningSystem(
                properties.getProperty("bootstrap.servers", ""),
                properties.getProperty("dashboard", ""),
                properties.getProperty(SchemaRegistry.URL),
                Long.parseLong(properties.getProperty("pid", "-1")));
        return ProcessHandle.of(system.pid())
                .filter(process -> isIt(process, properties.getProperty(STARTED)))
                .map(process -> system);
    }

    /** A container's process is always the first one, and elsewhere numbers come again: only the moment of its start tells a process from a later one. */
    private static boolean isIt(ProcessHandle process, @Nullable String started) {
        Optional<Instant> now = process.info().startInstant();
        return process.isAlive()
                && (started == null
                        || now.isEmpty()
                        || Duration.between(Instant.parse(started), now.get())
                                        .abs()
                                        .compareTo(CLOCK_CORRECTION)
                                <= 0);
    }

    /** What a Kafka client needs to read and write there. */
    public Map<String, String> clientProperties() {
        Map<String, String> properties = new HashMap<>();
        properties.put("bootstrap.servers", bootstrapServers);
        if (schemaRegistry != null) {
            properties.put(SchemaRegistry.URL, schemaRegistry);
        }
        return properties;
    }

    /** Says that this process' system runs in a data directory, all at once: others look for it time and again. */
    static void announce(
            Path dataDirectory, String bootstrapServers, String dashboard, @Nullable String schemaRegistry) {
        Properties properties = new Properties();
        properties.setProperty("bootstrap.servers", bootstrapServers);
        properties.setProperty("dashboard", dashboard);
        if (schemaRegistry != null) {
            properties.setProperty(SchemaRegistry.URL, schemaRegistry);
        }
        ProcessHandle process = ProcessHandle.current();
        properties.setProperty("pid", Long.toString(process.pid()));
        process.info().startInstant().ifPresent(instant -> properties.setProperty(STARTED, instant.toString()));
        Path whole = dataDirectory.resolve(FILE + ".new");
        try {
            try (Writer writer = Files.newBufferedWriter(whole)) {
                properties.store(writer, "The couplet that is going on in this directory");
            }
            Files.move(whole, dataDirectory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes it back. */
    static void withdraw(Path dataDirectory) {
        try {
            Files.deleteIfExists(dataDirectory.resolve(FILE));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
