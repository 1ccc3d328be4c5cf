package io.couplet.producers.tail;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The logs among files and folders, as they are now; folders are looked through each time, so that new logs are found. */
final class LogFiles {

    private static final int DEPTH = 32;

    /**
     * A log.
     *
     * @param path where it is
     * @param folder what its run's name begins with: with several folders the one it was found in, else nothing
     * @param shown its path as a pattern sees it: seen from its folder, or as it was given
     * @param format its form
     */
    record Log(Path path, String folder, String shown, LogFormat format) {

        /** What its run is called when nothing says: TensorBoard has a folder for each run, others a file. */
        String runName() {
            int slash = shown.lastIndexOf('/');
            String last = format == LogFormat.TENSORBOARD ? shown.substring(0, Math.max(0, slash)) : shown;
            if (last.isEmpty()) {
                return folder.isEmpty() ? shown : folder;
            }
            return folder.isEmpty() ? last : folder + '/' + last;
        }
    }

    private final List<Path> roots;
    private final @Nullable LogFormat format;
    private final boolean severalFolders;

    LogFiles(List<Path> roots, @Nullable LogFormat format) {
        this.roots = List.copyOf(roots);
        this.format = format;
        this.severalFolders = roots.stream().filter(Files::isDirectory).count() > 1;
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

    /** The logs that there are; what goes away while it looks is not there. Several paths to one file, as W&B's latest-run, are one log. */
    List<Log> now() throws IOException {
        Map<Object, Found> logs = new LinkedHashMap<>();
        for (Path root : roots) {
            if (Files.isDirectory(root)) {
                lookThrough(root, logs);
            } else {
                Optional<LogFormat> form = format == null ? LogFormat.of(root) : Optional.of(format);
                form.ifPresent(each -> add(new Found(root, root, "", each), identity(root), logs));
            }
        }
        return logs.values().stream().map(Found::log).toList();
    }

    private void lookThrough(Path root, Map<Object, Found> logs) throws IOException {
        Map<Path, Object> files = new TreeMap<>();
        Files.walkFileTree(root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), DEPTH, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile()) {
                    files.put(file, identity(file, attributes));
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
                return FileVisitResult.CONTINUE; // removed meanwhile, not for us, or a link that leads back
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException gone) {
                return FileVisitResult.CONTINUE;
            }
        });
        String normal = slashes(root.normalize());
        String folder = !severalFolders ? "" : normal.isEmpty() ? root.toString() : normal;
        files.forEach((file, identity) -> LogFormat.inFolder(file)
                .filter(form -> format == null || form == format)
                .ifPresent(form -> add(new Found(root, file, folder, form), identity, logs)));
    }

    /** Keeps one path to each file: the first one that needs no link, else the first. */
    private static void add(Found found, Object identity, Map<Object, Found> logs) {
        Found before = logs.get(identity);
        if (before == null || !before.isDirect() && found.isDirect()) {
            logs.put(identity, found);
        }
    }

    private static Object identity(Path file) {
        try {
            return identity(file, Files.readAttributes(file, BasicFileAttributes.class));
        } catch (IOException gone) {
            return file;
        }
    }

    private static Object identity(Path file, BasicFileAttributes attributes) {
        Object key = attributes.fileKey();
        return key == null ? file.toAbsolutePath().normalize() : key;
    }

    /** A file below a root, or the root itself. */
    private record Found(Path root, Path file, String folder, LogFormat format) {

        boolean isDirect() {
            try {
                return file.toRealPath().equals(root.toRealPath().resolve(root.relativize(file)));
            } catch (IOException e) {
                return false;
            }
        }

        Log log() {
            Path shown = file.equals(root) ? root.normalize() : root.relativize(file);
            return new Log(file.toAbsolutePath().normalize(), folder, slashes(shown), format);
        }
    }

    private static String slashes(Path path) {
        return path.toString().replace('\\', '/');
    }
}
