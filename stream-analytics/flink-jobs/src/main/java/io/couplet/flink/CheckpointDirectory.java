package io.couplet.flink;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * One job's checkpoints on a local disk: {@code <directory>/<job id>/chk-<n>/_metadata}, as Flink lays them out.
 *
 * @param directory the job's own directory
 */
record CheckpointDirectory(Path directory) {

    /** The checkpoints whose metadata were written, the newest first; a crash while writing can leave the newest torn. */
    List<Path> newestFirst() throws IOException {
        return completed().stream()
                .sorted(Comparator.comparing(CheckpointDirectory::writtenMillis).reversed())
                .toList();
    }

    private List<Path> completed() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> paths = Files.find(directory, 2, (path, attributes) -> attributes.isDirectory())) {
            return paths.filter(path -> path.getFileName().toString().startsWith("chk-"))
                    .filter(path -> Files.isRegularFile(path.resolve("_metadata")))
                    .toList();
        }
    }

    private static long writtenMillis(Path checkpoint) {
        return checkpoint.resolve("_metadata").toFile().lastModified();
    }

    /** Removes what earlier jobs left that holds no completed checkpoint; failing to is no failure. */
    void removeLeftOvers() throws IOException {
        List<Path> kept = completed().stream()
                .map(checkpoint -> checkpoint.resolveSibling(".").normalize())
                .distinct()
                .toList();
        if (Files.isDirectory(directory)) {
            try (Stream<Path> jobs = Files.list(directory)) {
                jobs.filter(job -> !kept.contains(job)).forEach(CheckpointDirectory::delete);
            }
        }
    }

    private static void delete(Path root) {
        try (Stream<Path> paths = Files.walk(root)) {
            paths.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(file -> {
                if (!file.delete()) {
                    file.deleteOnExit();
                }
            });
        } catch (IOException e) {
            root.toFile().deleteOnExit();
        }
    }
}
