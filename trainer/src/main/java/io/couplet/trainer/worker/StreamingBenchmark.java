package io.couplet.trainer.worker;

import io.couplet.producers.MetricPublisher;
import io.couplet.producers.PublisherSettings;
import io.couplet.schemas.Topics;
import io.couplet.trainer.training.StepBenchmark;
import io.couplet.trainer.training.StepResult;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * What streaming each step costs a training: the trainer's own publisher, with its queue, its thread and the record's encoding, in front of a producer that
 * acknowledges at once and sends nothing. Steps with and without it take turns in blocks, so that both see the same machine.
 */
public final class StreamingBenchmark {
    private static final int BLOCK = 25;
    /** Steps with records before the code that makes and sends them is compiled: the first ones of a process. */
    private static final int COLD = 100;
    /** Records after which that code is compiled, as it is after the first few runs of a study. */
    private static final int WARM_UP = 20_000;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private StreamingBenchmark() {}

    /**
     * What was measured.
     *
     * @param offMillis median of a step without streaming
     * @param onMillis median of a step with it
     * @param coldPublishMicros median of the processor time that the training's thread spends on each of the first records of a process
     * @param publishMicros the same when the code is compiled
     * @param offCpuMillis processor time of the whole process, per step without streaming
     * @param onCpuMillis the same with it, the publisher's thread included
     */
    public record Timing(
            double offMillis,
            double onMillis,
            double coldPublishMicros,
            double publishMicros,
            double offCpuMillis,
            double onCpuMillis) {}

    /**
     * @param spool a directory for the publisher
     * @param blocks of 25 steps without and 25 with streaming
     */
    public static Timing measure(StepBenchmark steps, String backbone, Path spool, int blocks) throws IOException {
        String runId = "bench-000000." + backbone + ".adamw.s0.000000";
        InstantSource clock = InstantSource.system();
        MockProducer<String, byte[]> nobody =
                new MockProducer<>(true, null, new StringSerializer(), new ByteArraySerializer());
        double[] off = new double[blocks * BLOCK];
        double[] on = new double[blocks * BLOCK];
        double[] publish = new double[blocks * BLOCK];
        double[] cold = new double[COLD];
        long offCpu = 0;
        long onCpu = 0;
        try (MetricPublisher publisher =
                MetricPublisher.open(PublisherSettings.of("nobody:9092", Map.of(), spool), clock, () -> nobody)) {
            for (int i = 0; i < COLD; i++) {
                cold[i] = publish(publisher, runId, steps.step(), clock);
            }
            StepResult any = steps.step();
            for (int i = 0; i < WARM_UP; i++) {
                publish(publisher, runId, any, clock);
            }
            for (int i = -BLOCK; i < blocks * BLOCK; i += BLOCK) {
                long cpu = cpuNanos();
                for (int k = 0; k < BLOCK; k++) {
                    long start = System.nanoTime();
                    steps.step();
                    set(off, i + k, System.nanoTime() - start);
                }
                offCpu += i < 0 ? 0 : cpuNanos() - cpu;
                cpu = cpuNanos();
                for (int k = 0; k < BLOCK; k++) {
                    long start = System.nanoTime();
                    set(publish, i + k, publish(publisher, runId, steps.step(), clock));
                    set(on, i + k, System.nanoTime() - start);
                }
                onCpu += i < 0 ? 0 : cpuNanos() - cpu;
            }
        }
        return new Timing(
                median(off) / 1e6,
                median(on) / 1e6,
                median(cold) / 1e3,
                median(publish) / 1e3,
                offCpu / 1e6 / off.length,
                onCpu / 1e6 / on.length);
    }

    /** Makes and hands over the record of a step, as a training does; nanoseconds of this thread's processor time. */
    private static long publish(MetricPublisher publisher, String runId, StepResult step, InstantSource clock) {
        long start = THREADS.getCurrentThreadCpuTime();
        publisher.publish(
                Topics.STEP_METRICS, runId, Attempt.metrics(runId, 1, Integer.MAX_VALUE, 0, step, clock.millis()));
        return THREADS.getCurrentThreadCpuTime() - start;
    }

    private static void set(double[] values, int at, long nanos) {
        if (at >= 0) {
            values[at] = nanos;
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Of all threads of this process. */
    private static long cpuNanos() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getProcessCpuTime()
                : 0;
    }
}
