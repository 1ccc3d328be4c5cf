package io.couplet.trainer.worker;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The files of this machine that requests may name: whoever may write into the queue shall not have everything read that the trainer may read. */
final class RequestFiles {
    private final @Nullable Path root;

    /** @param root what relative paths start from and what nothing may lie outside of; null for the working directory and no bounds */
    RequestFiles(@Nullable Path root) {
        this.root = root;
    }

    /**
     * The file that a request means, links followed.
     *
     * @throws IllegalArgumentException if it lies outside of the root
     */
    Path resolve(String path) {
        if (root == null) {
            return Path.of(path);
        }
        Path meant = root.resolve(path).toAbsolutePath().normalize();
        if (!real(meant).startsWith(real(root.toAbsolutePath().normalize()))) {
            throw new IllegalArgumentException(
                    "The run names '" + path + "', which is outside of this trainer's data directory '" + root
                            + "': move it there, or start the trainer with another --data-root.");
        }
        return meant;
    }

    /** What is really there; of what is not there, the real folder that would hold it. */
    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            Path parent = path.getParent();
            return parent == null ? path : real(parent).resolve(path.getFileName());
        }
    }
}
