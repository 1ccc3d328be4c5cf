package io.couplet.trainer.checkpoints;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A directory of checkpoints, {@code <run>.checkpoint} each; several trainers may share it. A file is written beside the old one, forced to the disk, and put in
 * its place by a rename, so that at any time there is a whole one or none. Safe for use by several threads as long as each has runs of its own.
 */
public final class CheckpointDirectory {
    private static final String SUFFIX = ".checkpoint";
    private static final String UNFINISHED = ".part";

    private final Path directory;

    /** @param directory made when the first checkpoint is written */
    public CheckpointDirectory(Path directory) {
        this.directory = directory;
    }

    /** Where a run's checkpoint is. */
    public Path file(String runId) {
        return directory.resolve(fileName(runId) + SUFFIX);
    }

    /** The run's id where that is a good file name; otherwise what is left of it, and a checksum so that two runs do not meet. */
    private static String fileName(String runId) {
        String kept = runId.replaceAll("[^A-Za-z0-9._-]", "_");
        if (kept.equals(runId) && runId.length() <= 200) {
            return runId;
        }
        CRC32C sum = new CRC32C();
        sum.update(runId.getBytes(StandardCharsets.UTF_8));
        return kept.substring(0, Math.min(190, kept.length())) + "-" + Long.toHexString(sum.getValue());
    }

    /**
     * The newest checkpoint of a run; empty when there is none.
     *
     * @param identity what the run is made of; a checkpoint written under another one is not taken
     * @throws CheckpointException when there is one that cannot be gone on from, in one sentence
     */
    public Optional<Checkpoint> read(String runId, String identity) throws CheckpointException {
        Path file = file(runId);
        try (InputStream in = Files.newInputStream(file)) {
            return Optional.of(CheckpointFormat.read(in, Files.size(file), identity));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new CheckpointException("it cannot be read: " + e);
        }
    }

    /**
     * Replaces the run's checkpoint.
     *
     * @param writer told apart from others that may write the same run's checkpoint at the same time
     * @throws IOException when it could not be written; the one before is as it was
     */
    public void write(String runId, String identity, String writer, Checkpoint checkpoint) throws IOException {
        Files.createDirectories(directory);
        Path file = file(runId);
        Path part = directory.resolve(fileName(runId) + "." + fileName(writer) + UNFINISHED);
        try {
            try (FileChannel channel = FileChannel.open(
                    part, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                OutputStream out = Channels.newOutputStream(channel);
                CheckpointFormat.write(out, identity, checkpoint);
                channel.force(true);
            }
            try {
                Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            try {
                Files.deleteIfExists(part);
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        forceDirectory();
    }

    /** Makes the rename last through a power cut; some file systems do not have it, and then it is as good as they are. */
    private void forceDirectory() {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            return; // Windows opens no directories
        }
    }

    /**
     * Removes a run's checkpoint and what unfinished ones have left; none there is fine.
     *
     * @throws IOException when something of it stays
     */
    public void delete(String runId) throws IOException {
        Files.deleteIfExists(file(runId));
        if (!Files.isDirectory(directory)) {
            return;
        }
        String prefix = fileName(runId) + ".";
        try (DirectoryStream<Path> left = Files.newDirectoryStream(
                directory,
                path -> path.getFileName().toString().startsWith(prefix)
                        && path.getFileName().toString().endsWith(UNFINISHED))) {
            for (Path part : left) {
                Files.deleteIfExists(part);
            }
        }
    }
}
