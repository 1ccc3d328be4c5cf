package io.couplet.broker;

import java.time.Duration;
import java.util.Optional;

/**
 * Tells when the process that started this one is gone.
 *
 * <p>Both signs are looked at: the process itself, and who our parent is. A killed parent that nobody has reaped yet still looks alive, but
 * its children have another parent at once.
 */
final class ParentWatch {

    private final long parentPid;
    private final boolean isDirectParent;

    ParentWatch(long parentPid) {
        this.parentPid = parentPid;
        this.isDirectParent = directParent().filter(pid -> pid == parentPid).isPresent();
    }

    boolean parentIsGone() {
        boolean alive = ProcessHandle.of(parentPid).map(ProcessHandle::isAlive).orElse(false);
        boolean adopted =
                isDirectParent && directParent().filter(pid -> pid == parentPid).isEmpty();
        return !alive || adopted;
    }

    /** Runs {@code action} on a daemon thread once the parent is gone. */
    void onceGone(Duration interval, Runnable action) {
        Thread thread = new Thread(
                () -> {
                    try {
                        while (!parentIsGone()) {
                            Thread.sleep(interval.toMillis());
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        return;
                    }
                    action.run();
                },
                "parent-watch");
        thread.setDaemon(true);
        thread.start();
    }

    private static Optional<Long> directParent() {
        return ProcessHandle.current().parent().map(ProcessHandle::pid);
    }
}
