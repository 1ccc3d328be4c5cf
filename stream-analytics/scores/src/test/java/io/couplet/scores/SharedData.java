package io.couplet.scores;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The project's shared data: system property {@code couplet.shared}, by default {@code ../shared} beside the repository. */
public final class SharedData {

    private SharedData() {}

    /** The rows of a CSV file, header first; skips the test when the file is not there. */
    public static List<String[]> csv(String file) {
        Path path = root().resolve(file);
        assumeTrue(Files.exists(path), () -> "shared data is not here: no " + path);
        try {
            return Files.readAllLines(path).stream()
                    .filter(line -> !line.isBlank())
                    .map(line -> line.split(",", -1))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path root() {
        String given = System.getProperty("couplet.shared");
        if (given != null) {
            return Path.of(given);
        }
        Path repository = Path.of("").toAbsolutePath();
        while (repository.getParent() != null && !Files.exists(repository.resolve(".mvn"))) {
            repository = repository.getParent();
        }
        return repository.resolveSibling("shared");
    }
}
