package io.couplet.cli.local;

import io.couplet.flink.JobMetrics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.util.concurrent.TimeUnit;

/** What the Flink jobs of this process have read and scored. A cluster's jobs say the same through Flink's own reporter, under Flink's names. */
final class AnalyticsMeters {

    private AnalyticsMeters() {}

    static void bind(MeterRegistry registry) {
        counter(registry, "records.read", "recordsRead", "Records read by both jobs.");
        counter(registry, "steps.folded", "stepsFolded", "Steps that are in a score.");
        counter(registry, "steps.ignored", "stepsIgnored", "Duplicates and steps of superseded attempts.");
        counter(registry, "evaluations.ignored", "evaluationsIgnored", "Evaluations left out, for the same reasons.");
        counter(registry, "dead.letters", "deadLetters", "Records that could not be read.");
        Gauge.builder("couplet.analytics.records.pending", JobMetrics::lag)
                .description("Records in Kafka that the jobs have not read yet.")
                .register(registry);
        latency(registry, "convergence");
        latency(registry, "coupling");
    }

    /** @param scores the operator: convergence for the scores of runs, coupling for those of studies */
    private static void latency(MeterRegistry registry, String scores) {
        for (int percentile : new int[] {50, 99}) {
            TimeGauge.builder(
                            "couplet.analytics.score.latency",
                            () -> JobMetrics.scoreLatencyMillis(scores, percentile / 100.0),
                            TimeUnit.MILLISECONDS)
                    .description("From a record's own time to the moment when a score that contains it leaves.")
                    .tag("scores", scores)
                    .tag("percentile", Integer.toString(percentile))
                    .register(registry);
        }
    }

    private static void counter(MeterRegistry registry, String name, String flinks, String description) {
        FunctionCounter.builder("couplet.analytics." + name, flinks, JobMetrics::count)
                .description(description)
                .register(registry);
    }
}
