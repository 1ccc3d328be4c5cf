package io.couplet.cli;

import com.sun.management.OperatingSystemMXBean;
import io.couplet.flink.JobMetrics;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Locale;

/**
 * What is seen of a system under load at one moment. Rates are since the sample before.
 *
 * @param seconds since the first step was asked for
 * @param produced steps that the broker holds
 * @param folded steps that are in the scores' state
 * @param producedPerSecond steps that the broker took, a second
 * @param foldedPerSecond steps that the convergence job folded, a second
 * @param notFolded steps that the broker holds and no state yet: what is unread, on its way, or waits for its run's next fold
 * @param unread records that Flink's sources have not fetched (its own {@code pendingRecords})
 * @param runsWaiting runs whose newest score is not yet published
 * @param latencyP50Millis from a step's own time to the moment when its run's score leaves, of the last thousand scores of the worst subtask
 * @param latencyP99Millis the same, 99th percentile
 * @param brokerMebibytes resident memory of the broker
 * @param jobsMebibytes resident memory of the jobs' JVM (both jobs and this command)
 * @param heapMebibytes used heap of that JVM, garbage included
 * @param brokerProcessors processors that the broker uses
 * @param jobsProcessors processors that the jobs' JVM uses
 * @param trainersProcessors processors that the simulated trainers use
 */
record ScaleSample(
        double seconds,
        long produced,
        long folded,
        double producedPerSecond,
        double foldedPerSecond,
        long notFolded,
        long unread,
        long runsWaiting,
        double latencyP50Millis,
        double latencyP99Millis,
        double brokerMebibytes,
        double jobsMebibytes,
        double heapMebibytes,
        double brokerProcessors,
        double jobsProcessors,
        double trainersProcessors) {

    static final String HEADER = String.format(
            Locale.ROOT,
            "%7s %12s %12s %10s %9s %8s %8s %8s %9s %9s %9s  %s",
            "seconds",
            "produced/s",
            "folded/s",
            "not folded",
            "unread",
            "waiting",
            "p50 ms",
            "p99 ms",
            "broker MB",
            "jobs MB",
            "heap MB",
            "processors: broker, jobs, trainers");

    String line() {
        return String.format(
                Locale.ROOT,
                "%7.0f %,12.0f %,12.0f %,10d %,9d %,8d %8.0f %8.0f %,9.0f %,9.0f %,9.0f  %.2f, %.2f, %.2f",
                seconds,
                producedPerSecond,
                foldedPerSecond,
                notFolded,
                unread,
                runsWaiting,
                latencyP50Millis,
                latencyP99Millis,
                brokerMebibytes,
                jobsMebibytes,
                heapMebibytes,
                brokerProcessors,
                jobsProcessors,
                trainersProcessors);
    }

    /** Processor seconds that were used up to a moment. */
    record Used(double seconds, double broker, double jobs, double trainers) {

        static Used now(double seconds, ProcessHandle broker, ProcessHandle trainers) {
            double jobs = ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean own
                    ? own.getProcessCpuTime() / 1e9
                    : Double.NaN;
            return new Used(seconds, processorSeconds(broker), jobs, processorSeconds(trainers));
        }

        private static double processorSeconds(ProcessHandle process) {
            return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9;
        }
    }

    static ScaleSample take(long produced, ScaleSample before, Used usedBefore, Used used, long brokerPid)
            throws IOException {
        double span = Math.max(1e-3, used.seconds - usedBefore.seconds);
        long folded = JobMetrics.count("stepsFolded");
        return new ScaleSample(
                used.seconds,
                produced,
                folded,
                (produced - before.produced) / span,
                (folded - before.folded) / span,
                Math.max(0, produced - folded),
                JobMetrics.lag(),
                JobMetrics.gauge("runsWaitingForScore"),
                JobMetrics.scoreLatencyMillis("convergence", 0.5),
                JobMetrics.scoreLatencyMillis("convergence", 0.99),
                ResidentMemory.mebibytes(brokerPid),
                ResidentMemory.mebibytes(),
                usedHeapMebibytes(),
                (used.broker - usedBefore.broker) / span,
                (used.jobs - usedBefore.jobs) / span,
                Math.max(0, used.trainers - usedBefore.trainers) / span);
    }

    static double usedHeapMebibytes() {
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / (double) (1 << 20);
    }

    static final ScaleSample NOTHING = new ScaleSample(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
