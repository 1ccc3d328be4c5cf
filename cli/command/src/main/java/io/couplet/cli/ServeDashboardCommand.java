package io.couplet.cli;

import ch.qos.logback.classic.Level;
import io.couplet.cli.local.KnownFamilies;
import io.couplet.cli.metrics.ServiceMetrics;
import io.couplet.view.LiveView;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code couplet dashboard}: the page as a service. */
@Command(name = "dashboard", mixinStandardHelpOptions = true, description = "Serve the page of all studies.")
final class ServeDashboardCommand implements Callable<Integer> {

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Option(
            names = "--host",
            defaultValue = "127.0.0.1",
            description = "Address to serve on (default: ${DEFAULT-VALUE}).")
    String host = "127.0.0.1";

    @Option(
            names = "--port",
            defaultValue = "8080",
            description = "Port to serve on, 0 for any free one (default: ${DEFAULT-VALUE}).")
    int port = 8080;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        Logs.toStandardError(Level.INFO);
        try (Services.Shutdown shutdown = new Services.Shutdown();
                ScratchDirectory scratch = ScratchDirectory.create("couplet-dashboard");
                ServiceMetrics metrics = MetricsOptions.metrics("dashboard");
                LiveView view = new LiveView(
                        Views.settings(reach.clientProperties(), scratch.path(), host, port), KnownFamilies.byName())) {
            view.measureIn(metrics.registry(), metrics::scrape).start();
            spec.commandLine().getOut().println("The page is at " + view.address());
            shutdown.await();
        }
        return 0;
    }
}
