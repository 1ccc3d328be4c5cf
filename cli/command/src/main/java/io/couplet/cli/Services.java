package io.couplet.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How a service ends: SIGTERM and Ctrl-C let it close what it opened, within a bounded time. */
final class Services {

    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration TIME_TO_CLOSE = Duration.ofSeconds(40);

    /**
     * What a trainer is given: longer than all that it waits for itself, a minute for its steps and checkpoints to end and ten seconds for the last records. Who stops it from outside
     * (docker/compose.yaml, the Kubernetes manifests) gives it longer still.
     */
    static final Duration TIME_TO_CLOSE_A_TRAINER = Duration.ofSeconds(90);

    /** And where everything is closed one after the other: the trainer, the stopper, the Flink jobs, the page and the broker. */
    static final Duration TIME_TO_CLOSE_EVERYTHING = Duration.ofSeconds(180);

    private Services() {}

    /** A shutdown that was asked for, and its answer that all is closed. */
    static final class Shutdown implements AutoCloseable {

        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch closed = new CountDownLatch(1);
        private final Thread hook;

        /** From now on a signal asks, and the JVM waits for {@link #close()} before it ends. */
        Shutdown() {
            this(TIME_TO_CLOSE);
        }

        /** @param timeToClose when all is not closed by then, the JVM is ended as it is */
        Shutdown(Duration timeToClose) {
            hook = new Thread(
                    () -> {
                        asked.countDown();
                        try {
                            if (!closed.await(timeToClose.toMillis(), TimeUnit.MILLISECONDS)) {
                                Runtime.getRuntime().halt(Errors.FAILED);
                            }
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    },
                    "couplet-shutdown");
            Runtime.getRuntime().addShutdownHook(hook);
        }

        /** Whether it was asked for within this time. */
        boolean asked(Duration patience) throws InterruptedException {
            return asked.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        }

        /** Whether it was asked for. */
        boolean asked() {
            return asked.getCount() == 0;
        }

        /**
         * Waits until it is asked for, as long as the service works: one that only looks alive is started again by nobody.
         *
         * @param failure why the service works no more, in one sentence; null while it does
         * @throws IllegalStateException with that sentence
         */
        void awaitUnless(Supplier<@Nullable String> failure) throws InterruptedException {
            while (!asked(PAUSE)) {
                String sentence = failure.get();
                if (sentence != null) {
                    throw new IllegalStateException(sentence);
                }
            }
        }

        /** All that was opened inside is closed. */
        @Override
        public void close() {
            closed.countDown();
            if (!asked()) {
                Runtime.getRuntime().removeShutdownHook(hook);
            }
        }
    }
}
