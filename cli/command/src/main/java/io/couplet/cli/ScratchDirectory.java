package io.couplet.cli;

import io.couplet.cli.local.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A directory for what may be lost, deleted at the end. */
record ScratchDirectory(Path path) implements AutoCloseable {

    static ScratchDirectory create(String name) {
        try {
            return new ScratchDirectory(Files.createTempDirectory(name));
        } catch (IOException e) {
            throw new UserError(
                    "No temporary directory can be made (" + e.getMessage() + "): set TMPDIR to one that is writable.",
                    e);
        }
    }

    @Override
    public void close() {
        try (Stream<Path> walk = Files.walk(path)) {
            List<Path> deepestFirst = walk.sorted(Comparator.reverseOrder()).toList();
            for (Path each : deepestFirst) {
                Files.deleteIfExists(each);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
