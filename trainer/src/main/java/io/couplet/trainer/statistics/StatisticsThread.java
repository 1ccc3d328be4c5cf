package io.couplet.trainer.statistics;

import io.couplet.trainer.backbones.ParameterLayout;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Computes the statistics of one training on a thread of its own. One measurement may be at work and one may wait; a newer one takes the place of the one that
 * waits, which is counted as skipped. So a training never waits, and its last measurement is always made.
 */
public final class StatisticsThread {

    /** Hears of the statistics on the thread that computed them. */
    @FunctionalInterface
    public interface Listener {
        void onStatistics(int step, List<LayerStatistic> layers);
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Job(int step, ParameterLayout layout, float[] parameters) {}

    private static final Logger LOG = LoggerFactory.getLogger(StatisticsThread.class);

    private final Listener listener;
    private final Thread thread;
    private @Nullable Job waiting;
    private boolean closing;
    private int measured;
    private int skipped;

    public StatisticsThread(String name, Listener listener) {
        this.listener = listener;
        this.thread = new Thread(this::work, name);
        thread.setDaemon(true);
        thread.setPriority(Thread.MIN_PRIORITY);
        thread.start();
    }

    /** @param parameters asked for once, on the calling thread */
    public void measure(int step, ParameterLayout layout, Supplier<float[]> parameters) {
        synchronized (this) { // before there is a third copy of the weights
            skipped += waiting == null ? 0 : 1;
            waiting = null;
        }
        try {
            Job job = new Job(step, layout, parameters.get());
            synchronized (this) {
                waiting = job;
                notifyAll();
            }
        } catch (OutOfMemoryError e) {
            failed(step, e);
        }
    }

    private synchronized @Nullable Job next() throws InterruptedException {
        while (waiting == null && !closing) {
            wait();
        }
        Job job = waiting;
        waiting = null;
        return job;
    }

    private void work() {
        try {
            for (Job job = next(); job != null; job = next()) {
                measure(job);
            }
        } catch (InterruptedException e) {
            synchronized (this) {
                skipped++;
            }
        }
    }

    private void measure(Job job) throws InterruptedException {
        try {
            List<LayerStatistic> layers = LayerStatistics.of(job.layout(), job.parameters());
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            listener.onStatistics(job.step(), layers);
            synchronized (this) {
                measured++;
            }
        } catch (RuntimeException | OutOfMemoryError e) {
            failed(job.step(), e);
        }
    }

    /** One that fails costs itself, and neither those that follow nor the run. */
    private synchronized void failed(int step, Throwable e) {
        LOG.warn("the layers of step {} could not be measured", step, e);
        skipped++;
    }

    /** Measurements made and told. */
    public synchronized int measured() {
        return measured;
    }

    /** Measurements that were asked for and not made, because others took too long or they failed. */
    public synchronized int skipped() {
        return skipped;
    }

    /** Waits for what is at work or waits; what takes longer than the patience is given up and counted as skipped. */
    public void finish(Duration patience) throws InterruptedException {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
        thread.join(patience.toMillis());
        if (thread.isAlive()) {
            synchronized (this) {
                skipped += waiting == null ? 0 : 1;
                waiting = null;
            }
            thread.interrupt();
        }
    }
}
