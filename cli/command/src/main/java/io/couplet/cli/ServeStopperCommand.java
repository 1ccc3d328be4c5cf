package io.couplet.cli;

import ch.qos.logback.classic.Level;
import io.couplet.cli.metrics.ServiceMetrics;
import io.couplet.stopper.EarlyStopper;
import io.couplet.stopper.EarlyStopperSettings;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code couplet stopper}: ends hopeless runs. */
@Command(name = "stopper", mixinStandardHelpOptions = true, description = "Watch all runs and end the hopeless ones.")
final class ServeStopperCommand implements Callable<Integer> {

    @Mixin
    KafkaOptions kafka = new KafkaOptions();

    @Mixin
    MetricsOptions metricsOptions = new MetricsOptions();

    @Override
    public Integer call() throws InterruptedException {
        metricsOptions.check();
        Logs.toStandardError(Level.INFO);
        var properties = kafka.clientProperties();
        try (Services.Shutdown shutdown = new Services.Shutdown();
                ScratchDirectory scratch = ScratchDirectory.create("couplet-stopper");
                ServiceMetrics metrics = MetricsOptions.metrics("stopper");
                EarlyStopper stopper = new EarlyStopper(
                        EarlyStopperSettings.of(Views.bootstrapServers(properties), properties, scratch.path()),
                        metrics.registry());
                MetricsOptions.Served served = metricsOptions.serve(metrics, () -> unfit(stopper))) {
            stopper.start();
            shutdown.awaitUnless(stopper::failure);
        }
        return 0;
    }

    /** Why it does not judge now; null while it does. */
    private static @Nullable String unfit(EarlyStopper stopper) {
        String failure = stopper.failure();
        return failure != null || stopper.running()
                ? failure
                : "The early stopper has no partitions yet, or is getting others: runs go on, and none is stopped"
                        + " early.";
    }
}
