package io.couplet.flink;

import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/**
 * The metrics of the jobs in this JVM, over all their subtasks: what an in-process runtime can ask where a cluster has its own reporters. A job that restarts
 * counts anew, as Flink's metrics do.
 *
 * <ul>
 *   <li>{@code recordsRead}, {@code deadLetters}: counters of both jobs' readers
 *   <li>{@code stepsFolded}, {@code stepsIgnored} (duplicates and older attempts), {@code evaluationsIgnored}: counters
 *   <li>{@code pendingRecords}: gauge of Flink's own for each source, the records that are in Kafka and not yet read
 *   <li>{@code scoreLatencyMillis}: histogram of both jobs, from the newest record's own time to the moment when a score that contains it leaves
 *   <li>{@code runsWaitingForScore}: gauge
 * </ul>
 */
public final class JobMetrics implements MetricReporter {

    /** Flink's name for the variable that holds an operator's name. */
    private static final String OPERATOR = "<operator_name>";

    private static final Map<Metric, Named> METRICS = new ConcurrentHashMap<>();

    /** A metric's own name and that of its operator; empty for those of no operator. */
    private record Named(String name, String operator) {}

    /** The sum of a counter over all subtasks of all jobs of this JVM; 0 while there is none of that name. */
    public static long count(String name) {
        return of(name, Counter.class).mapToLong(Counter::getCount).sum();
    }

    /** Records that lie in Kafka and that the jobs of this JVM have not yet read; 0 while none has read anything. */
    public static long lag() {
        return gauge("pendingRecords");
    }

    /** The sum of a gauge over all subtasks of all jobs of this JVM; 0 while there is none of that name. */
    public static long gauge(String name) {
        return of(name, Gauge.class)
                .map(Gauge::getValue)
                .mapToLong(value -> value instanceof Number number ? Math.max(0, number.longValue()) : 0)
                .sum();
    }

    /**
     * Milliseconds from a record to a score that contains it, of the last scores of the worst of an operator's subtasks; NaN before the first score.
     *
     * @param operator {@code convergence} for scores of runs, {@code coupling} for scores of studies
     */
    public static double scoreLatencyMillis(String operator, double quantile) {
        return METRICS.entrySet().stream()
                .filter(entry -> entry.getValue().equals(new Named("scoreLatencyMillis", operator)))
                .map(entry -> (Histogram) entry.getKey())
                .filter(histogram -> histogram.getCount() > 0)
                .mapToDouble(histogram -> histogram.getStatistics().getQuantile(quantile))
                .max()
                .orElse(Double.NaN);
    }

    /** The names of all metrics there are, Flink's own among them. */
    static Set<String> names() {
        return METRICS.values().stream().map(Named::name).collect(Collectors.toUnmodifiableSet());
    }

    private static <M> Stream<M> of(String name, Class<M> kind) {
        return METRICS.entrySet().stream()
                .filter(entry -> entry.getValue().name.equals(name))
                .map(Map.Entry::getKey)
                .filter(kind::isInstance)
                .map(kind::cast);
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
        METRICS.put(metric, new Named(name, group.getAllVariables().getOrDefault(OPERATOR, "")));
    }

    @Override
    public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
        METRICS.remove(metric);
    }

    /** Found by Flink through the service loader. */
    public static final class Factory implements MetricReporterFactory {
        @Override
        public MetricReporter createMetricReporter(Properties properties) {
            return new JobMetrics();
        }
    }
}
