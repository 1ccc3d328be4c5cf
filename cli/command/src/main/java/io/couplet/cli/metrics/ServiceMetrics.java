package io.couplet.cli.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The meters of one process: what its services register, its JVM, and what it was built from. */
public final class ServiceMetrics implements AutoCloseable {

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();

    /**
     * @param service name of the service, e.g. trainer
     * @param version Maven version
     * @param revision git commit; null when unknown
     */
    public ServiceMetrics(String service, String version, @Nullable String revision) {
        List<MeterBinder> jvm = List.of(
                new JvmMemoryMetrics(),
                new JvmThreadMetrics(),
                new ClassLoaderMetrics(),
                new ProcessorMetrics(),
                new UptimeMetrics(),
                new FileDescriptorMetrics(),
                collections);
        // Of each partition of each consumer there are 8 gauges; these say nothing that the lag does not.
        registry.config()
                .meterFilter(MeterFilter.deny(meter -> meter.getName().contains("records.lead")
                        || meter.getName().contains("preferred.read.replica")));
        jvm.forEach(binder -> binder.bindTo(registry));
        Gauge.builder("couplet.build.info", () -> 1)
                .description("1; the labels say what runs here.")
                .tag("service", service)
                .tag("version", version)
                .tag("revision", revision == null ? "unknown" : revision)
                .register(registry);
    }

    /** Where services register their meters. */
    public MeterRegistry registry() {
        return registry;
    }

    /** Everything, as Prometheus reads it (text format 0.0.4). */
    public String scrape() {
        return registry.scrape();
    }

    @Override
    public void close() {
        collections.close();
        registry.close();
    }
}
