package io.couplet.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** How a service ends: SIGTERM and Ctrl-C let it close what it opened, within a bounded time. */
final class Services {

    private static final Duration TIME_TO_CLOSE = Duration.ofSeconds(40);

    private Services() {}

    /** A shutdown that was asked for, and its answer that all is closed. */
    static final class Shutdown implements AutoCloseable {

        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch closed = new CountDownLatch(1);
        private final Thread hook;

        /** From now on a signal asks, and the JVM waits for {@link #close()} before it ends. */
        Shutdown() {
            hook = new Thread(
                    () -> {
                        asked.countDown();
                        try {
                            if (!closed.await(TIME_TO_CLOSE.toMillis(), TimeUnit.MILLISECONDS)) {
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

        /** Waits until it is asked for. */
        void await() throws InterruptedException {
            asked.await();
        }

        /** All that was opened inside is closed. */
        @Override
        public void close() {
            closed.countDown();
            if (asked.getCount() > 0) {
                Runtime.getRuntime().removeShutdownHook(hook);
            }
        }
    }
}
