package io.couplet.flink;

import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/**
 * The counters of the jobs in this JVM, summed over their subtasks: what an in-process runtime can ask where a cluster has its own reporters. A job that restarts
 * counts anew, as Flink's metrics do.
 */
public final class JobMetrics implements MetricReporter {

    private static final Map<Metric, String> COUNTERS = new ConcurrentHashMap<>();

    /** The sum of a counter over all subtasks of all jobs of this JVM; 0 while there is none of that name. */
    public static long count(String name) {
        return COUNTERS.entrySet().stream()
                .filter(entry -> entry.getValue().equals(name))
                .mapToLong(entry -> ((Counter) entry.getKey()).getCount())
                .sum();
    }

    /** Lets Flink report to this class. */
    static void report(Configuration configuration) {
        configuration.setString("metrics.reporter.couplet.factory.class", Factory.class.getName());
    }

    @Override
    public void open(MetricConfig config) {}

    @Override
    public void close() {}

    @Override
    public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
        if (metric instanceof Counter) {
            COUNTERS.put(metric, name);
        }
    }

    @Override
    public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
        COUNTERS.remove(metric);
    }

    /** Found by Flink through the service loader. */
    public static final class Factory implements MetricReporterFactory {
        @Override
        public MetricReporter createMetricReporter(Properties properties) {
            return new JobMetrics();
        }
    }
}
