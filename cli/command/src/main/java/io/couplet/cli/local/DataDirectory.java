package io.couplet.cli.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Where one machine keeps everything: {@code kafka/} the broker's log, {@code checkpoints/} Flink's, {@code runs/} the runs' checkpoints, {@code spool/} the
 * publisher's, {@code streams/} Kafka Streams', {@code logs/}, {@code reports/}. One process at a time owns it.
 */
public final class DataDirectory implements AutoCloseable {

    private final Path root;
    private final FileChannel channel;

    private DataDirectory(Path root, FileChannel channel) {
        this.root = root;
        this.channel = channel;
    }

    /**
     * Takes the directory, making it when it is missing.
     *
     * @throws UserError when it cannot be written or another process has it
     */
    public static DataDirectory take(Path root) {
        Path absolute = root.toAbsolutePath().normalize();
        try {
            Files.createDirectories(absolute.resolve("logs"));
            FileChannel channel =
                    FileChannel.open(absolute.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (lock(channel) == null) {
                channel.close();
                throw new UserError(
                        "Another couplet works in " + root + ": wait for it, stop it, or give another --data-dir.");
            }
            return new DataDirectory(absolute, channel);
        } catch (IOException e) {
            throw new UserError(
                    "The data directory " + root + " cannot be written (" + e.getMessage()
                            + "): give a writable one with --data-dir.",
                    e);
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /** The directory itself, absolute. */
    public Path root() {
        return root;
    }

    public Path kafka() {
        return root.resolve("kafka");
    }

    public Path checkpoints() {
        return root.resolve("checkpoints");
    }

    public Path runs() {
        return root.resolve("runs");
    }

    public Path spool() {
        return root.resolve("spool");
    }

    public Path streams() {
        return root.resolve("streams");
    }

    public Path logs() {
        return root.resolve("logs");
    }

    public Path reports() {
        return root.resolve("reports");
    }

    /** Gives the directory back. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
