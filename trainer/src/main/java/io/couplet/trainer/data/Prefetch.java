package io.couplet.trainer.data;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;

/** Makes the batches of step after step on a thread of its own, a few ahead of the reader. */
final class Prefetch implements BatchSource {
    private static final int AHEAD = 4;
    private static final long CLOSE_MILLIS = TimeUnit.SECONDS.toMillis(5);

    private sealed interface Item {}

    private record Ready(Batch batch) implements Item {}

    private record Failed(Throwable cause) implements Item {}

    private record Closed() implements Item {}

    private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(AHEAD);
    private final Thread thread;
    private volatile boolean closed;

    Prefetch(LongFunction<Batch> batchAtStep, long firstStep) {
        if (firstStep < 1) {
            throw new IllegalArgumentException("firstStep must be at least 1, was " + firstStep);
        }
        thread = new Thread(() -> fill(batchAtStep, firstStep), "couplet-batches");
        thread.setDaemon(true);
        thread.start();
    }

    private void fill(LongFunction<Batch> batchAtStep, long firstStep) {
        try {
            for (long step = firstStep; !closed; step++) {
                queue.put(made(batchAtStep, step));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // only close() interrupts
        }
    }

    private static Item made(LongFunction<Batch> batchAtStep, long step) {
        try {
            return new Ready(batchAtStep.apply(step));
        } catch (RuntimeException | OutOfMemoryError e) {
            return new Failed(e);
        }
    }

    @Override
    public Batch next() throws InterruptedException {
        if (closed) {
            throw new IllegalStateException("the batches are closed");
        }
        Item item = queue.take();
        if (item instanceof Ready ready) {
            return ready.batch();
        }
        if (item instanceof Failed failed) {
            close();
            throw new IllegalStateException("making a batch failed: " + failed.cause(), failed.cause());
        }
        throw new IllegalStateException("the batches are closed");
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        queue.clear();
        queue.add(new Closed()); // the queue is empty and its only writer has ended
    }

    boolean isRunning() {
        return thread.isAlive();
    }
}
