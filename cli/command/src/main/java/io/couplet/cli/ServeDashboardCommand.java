package io.couplet.cli;

import ch.qos.logback.classic.Level;
import io.couplet.cli.local.KafkaOrders;
import io.couplet.cli.local.KnownFamilies;
import io.couplet.cli.metrics.ServiceMetrics;
import io.couplet.view.LiveView;
import io.couplet.view.http.Access;
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

    @Mixin
    AccessOptions access = new AccessOptions();

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
        AccessOptions.requirePort(port);
        Access allowed = access.access();
        Logs.toStandardError(Level.INFO);
        try (Services.Shutdown shutdown = new Services.Shutdown();
                ReachOptions.Reached reached = reach.reached();
                ScratchDirectory scratch = ScratchDirectory.create("couplet-dashboard");
                KafkaOrders orders =
                        access.readOnly || !reached.obeys() ? null : new KafkaOrders(reached.clientProperties());
                ServiceMetrics metrics = MetricsOptions.metrics("dashboard");
                LiveView view = new LiveView(
                        Views.settings(reached.clientProperties(), scratch.path(), access.host, port, allowed),
                        KnownFamilies.byName(),
                        orders)) {
            view.measureIn(metrics.registry(), metrics::scrape).start();
            spec.commandLine().getOut().println("The page is at " + view.address());
            shutdown.awaitUnless(view::failure);
        }
        return 0;
    }
}
