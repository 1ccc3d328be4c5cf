package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.cli.metrics.MetricsServer;
import io.couplet.cli.metrics.ServiceMetrics;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a service's metrics and health can be read. */
final class MetricsOptions {

    @Option(
            names = "--metrics-port",
            paramLabel = "PORT",
            defaultValue = "0",
            description = "Serve /metrics for Prometheus and /health there; 0 for nowhere (default: ${DEFAULT-VALUE}).")
    int port;

    @Option(
            names = "--metrics-host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "Address to serve them on (default: ${DEFAULT-VALUE}).")
    String host = "127.0.0.1";

    /** @throws UserError when the port is none */
    void check() {
        if (port < 0 || port > 65535) {
            throw new UserError("--metrics-port must be from 0 to 65535, was " + port + ".");
        }
    }

    /** The meters of this process. */
    static ServiceMetrics metrics(String service) {
        BuildInfo build = BuildInfo.read();
        return new ServiceMetrics(service, build.version(), build.gitRevision());
    }

    /** What is served until it is closed. */
    interface Served extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Serves them, when that is wanted.
     *
     * @param failure why the service does not work; null while it does
     */
    Served serve(ServiceMetrics metrics, Supplier<@Nullable String> failure) {
        check();
        return port == 0 ? () -> {} : MetricsServer.start(host, port, metrics::scrape, failure)::close;
    }
}
