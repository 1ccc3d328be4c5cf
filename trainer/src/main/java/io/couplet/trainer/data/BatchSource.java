package io.couplet.trainer.data;

/** Batches one after the other; for one reading thread. */
public interface BatchSource extends AutoCloseable {

    /**
     * The next batch, waiting for it if need be.
     *
     * @throws IllegalStateException after {@link #close()}, or with the cause when making the batch failed
     */
    Batch next() throws InterruptedException;

    /** Stops the work in the background; a reader that waits in {@link #next()} is woken. */
    @Override
    void close();
}
