package io.couplet.trainer.checkpoints;

/** A checkpoint that cannot be gone on from; the message is one sentence. */
public final class CheckpointException extends Exception {
    CheckpointException(String message) {
        super(message);
    }
}
