package io.couplet.cli;

import ch.qos.logback.classic.Level;
import io.couplet.cli.local.UserError;
import io.couplet.cli.metrics.ServiceMetrics;
import io.couplet.view.alerts.AlertService;
import io.couplet.view.alerts.AlertSettings;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code couplet alerts}: posts what happened to a webhook. */
@Command(
        name = "alerts",
        mixinStandardHelpOptions = true,
        description =
                "Post to a webhook when a run diverged, stalled, failed or is stopped, and when a study is finished.")
final class ServeAlertsCommand implements Callable<Integer> {

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Mixin
    MetricsOptions metricsOptions = new MetricsOptions();

    @Option(
            names = "--alerts-url",
            paramLabel = "URL",
            description =
                    "Webhook that is posted to, e.g. Slack's. It is a secret, and flags can be seen by others: better"
                            + " give COUPLET_ALERTS_URL or --alerts-url-file.")
    @Nullable
    String url;

    @Option(names = "--alerts-url-file", paramLabel = "FILE", description = "File whose first line is the webhook.")
    @Nullable
    Path urlFile;

    @Option(
            names = "--alerts-patience",
            paramLabel = "SECONDS",
            defaultValue = "900",
            description = "How long an alert is tried before it goes to the dead letters (default: ${DEFAULT-VALUE}).")
    long patienceSeconds = AlertSettings.PATIENCE.toSeconds();

    @Override
    public Integer call() throws InterruptedException {
        metricsOptions.check();
        URI webhook = webhook();
        Logs.toStandardError(Level.INFO);
        Map<String, String> properties = reach.clientProperties();
        AlertSettings settings;
        try {
            settings = AlertSettings.of(
                    Views.bootstrapServers(properties), properties, webhook, Duration.ofSeconds(patienceSeconds));
        } catch (IllegalArgumentException e) {
            throw new UserError("--alerts-url: " + e.getMessage() + ".", e);
        }
        try (Services.Shutdown shutdown = new Services.Shutdown();
                ServiceMetrics metrics = MetricsOptions.metrics("alerts");
                AlertService alerts = new AlertService(settings, InstantSource.system())
                        .measureIn(metrics.registry())
                        .start();
                MetricsOptions.Served served = metricsOptions.serve(metrics, alerts::failure)) {
            shutdown.awaitUnless(alerts::failure);
        }
        return 0;
    }

    /** The address, which no message repeats. */
    private URI webhook() {
        if (patienceSeconds < 1 || patienceSeconds > 7 * 86_400) {
            throw new UserError("--alerts-patience must be from 1 to 604800 seconds, was " + patienceSeconds + ".");
        }
        String given = url;
        if (urlFile != null) {
            try {
                given = Files.readString(urlFile).lines().findFirst().orElse("");
            } catch (IOException e) {
                throw new UserError("--alerts-url-file " + urlFile + " cannot be read: check the path.", e);
            }
        }
        if (given == null || given.isBlank()) {
            throw new UserError("No webhook is named: set COUPLET_ALERTS_URL, or give --alerts-url-file FILE.");
        }
        try {
            return new URI(given.strip());
        } catch (URISyntaxException e) {
            // Its message would repeat the address.
            throw new UserError("--alerts-url is no address: give http://… or https://… with a host.");
        }
    }
}
