package io.couplet.producers.tail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The logs among files and folders, as they are now; folders are looked through each time, so that new logs are found. */
final class LogFiles {

    private static final int DEPTH = 32;

    /**
     * A log.
     *
     * @param path where it is
     * @param shown its path as a pattern sees it: seen from its folder, or as it was given
     * @param format its form
     */
    record Log(Path path, String shown, LogFormat format) {

        /** What its run is called when nothing says: TensorBoard has a folder for each run, others a file. */
        String runName() {
            int slash = shown.lastIndexOf('/');
            return format == LogFormat.TENSORBOARD && slash > 0 ? shown.substring(0, slash) : shown;
        }
    }

    private final List<Path> roots;
    private final @Nullable LogFormat format;

    LogFiles(List<Path> roots, @Nullable LogFormat format) {
        this.roots = List.copyOf(roots);
        this.format = format;
    }

    /**
     * Checks that all is there.
     *
     * @throws TailException in one sentence with the fix
     */
    void check() throws TailException {
        for (Path root : roots) {
            if (!Files.isReadable(root)) {
                throw new TailException("There is no " + root + " that can be read: check the path.");
            }
            if (!Files.isDirectory(root) && format == null && LogFormat.of(root).isEmpty()) {
                throw new TailException("What " + root + " is cannot be told by its name: say --format csv, json_lines,"
                        + " tensorboard or wandb.");
            }
        }
    }

    List<Log> now() throws IOException {
        List<Log> logs = new ArrayList<>();
        for (Path root : roots) {
            if (!Files.isDirectory(root)) {
                LogFormat form = format == null ? LogFormat.of(root).orElseThrow() : format;
                logs.add(new Log(root.toAbsolutePath().normalize(), slashes(root.normalize()), form));
                continue;
            }
            try (Stream<Path> files = Files.find(
                    root, DEPTH, (path, attributes) -> attributes.isRegularFile(), FileVisitOption.FOLLOW_LINKS)) {
                files.sorted()
                        .forEach(file -> LogFormat.inFolder(file)
                                .filter(form -> format == null || form == format)
                                .ifPresent(form -> logs.add(new Log(
                                        file.toAbsolutePath().normalize(), slashes(root.relativize(file)), form))));
            } catch (UncheckedIOException e) {
                throw new IOException(e.getMessage(), e);
            }
        }
        return logs;
    }

    private static String slashes(Path path) {
        return path.toString().replace('\\', '/');
    }
}
