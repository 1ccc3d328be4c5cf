package io.couplet.trainer.worker;

import io.couplet.trainer.checkpoints.Checkpoint;
import io.couplet.trainer.checkpoints.CheckpointDirectory;
import io.couplet.trainer.checkpoints.CheckpointException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The checkpoints of one attempt at a run. A disk that fails costs checkpoints, never the training. */
final class RunCheckpoints {
    private static final Logger LOG = LoggerFactory.getLogger(RunCheckpoints.class);

    private final @Nullable CheckpointDirectory directory;
    private final String runId;
    private final String writer;
    private String identity = "";
    private int notWritten;

    /** @param directory null keeps nothing */
    RunCheckpoints(@Nullable Path directory, String runId, String writer) {
        this.directory = directory == null ? null : new CheckpointDirectory(directory);
        this.runId = runId;
        this.writer = writer;
    }

    boolean wanted() {
        return directory != null;
    }

    /** What an attempt before this one has left, if it can be gone on from; what is read and written from now on is of this identity. */
    Optional<Checkpoint> read(String newIdentity) {
        identity = newIdentity;
        if (directory == null) {
            return Optional.empty();
        }
        try {
            return directory.read(runId, identity);
        } catch (CheckpointException e) {
            LOG.warn(
                    "run {} starts at step 0, its checkpoint {} is of no use: {}",
                    runId,
                    directory.file(runId),
                    e.getMessage());
            return Optional.empty();
        }
    }

    /** Whether it was written; the first failure is told, all are counted. */
    boolean write(Checkpoint checkpoint) {
        if (directory == null) {
            return false;
        }
        try {
            directory.write(runId, identity, writer, checkpoint);
            return true;
        } catch (IOException e) {
            if (notWritten++ == 0) {
                LOG.warn(
                        "run {} goes on without a checkpoint at step {}: {} cannot be written ({})",
                        runId,
                        checkpoint.step(),
                        directory.file(runId),
                        e.toString());
            }
            return false;
        }
    }

    /** The run is over. */
    void delete() {
        if (notWritten > 0) {
            LOG.warn("run {}: {} checkpoints could not be written", runId, notWritten);
        }
        if (directory == null) {
            return;
        }
        try {
            directory.delete(runId);
        } catch (IOException e) {
            LOG.warn("the checkpoint {} stays: {}", directory.file(runId), e.toString());
        }
    }
}
