package io.couplet.cli;

import ch.qos.logback.classic.Level;
import io.couplet.cli.local.UserError;
import io.couplet.cli.metrics.ServiceMetrics;
import io.couplet.trainer.worker.TrainerService;
import io.couplet.trainer.worker.TrainerSettings;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code couplet trainer}: trains what is in the queue. */
@Command(
        name = "trainer",
        mixinStandardHelpOptions = true,
        description = "Train what is in the queue, one run at a time on each device.")
final class ServeTrainerCommand implements Callable<Integer> {

    @Mixin
    KafkaOptions kafka = new KafkaOptions();

    @Mixin
    DeviceOptions devices = new DeviceOptions();

    @Mixin
    RunKeepingOptions keeping = new RunKeepingOptions();

    @Option(
            names = "--spool-dir",
            paramLabel = "DIR",
            defaultValue = DataDirOption.DEFAULT + "/spool",
            description = "Where records wait while Kafka is away (default: ${DEFAULT-VALUE}).")
    Path spoolDirectory = Path.of(DataDirOption.DEFAULT, "spool");

    @Mixin
    MetricsOptions metricsOptions = new MetricsOptions();

    @Option(
            names = "--data-root",
            paramLabel = "DIR",
            description = "Where relative paths of images, weights and TorchScript files start; a run that names a file"
                    + " outside of it fails (default: the working directory, and no bounds).")
    @Nullable
    Path dataRoot;

    @Override
    public Integer call() throws InterruptedException {
        devices.check();
        metricsOptions.check();
        keeping.check();
        if (dataRoot != null && !Files.isDirectory(dataRoot)) {
            throw new UserError("--data-root " + dataRoot + " is no directory: name the one that holds the images.");
        }
        Logs.toStandardError(Level.INFO);
        var properties = kafka.clientProperties();
        try (Services.Shutdown shutdown = new Services.Shutdown(Services.TIME_TO_CLOSE_A_TRAINER);
                ServiceMetrics metrics = MetricsOptions.metrics("trainer");
                TrainerService trainer = start(properties, metrics.registry());
                MetricsOptions.Served served = metricsOptions.serve(metrics, trainer::failure)) {
            shutdown.awaitUnless(trainer::failure);
        }
        return 0;
    }

    private TrainerService start(Map<String, String> properties, MeterRegistry registry) throws InterruptedException {
        BuildInfo build = BuildInfo.read();
        try {
            TrainerSettings settings = TrainerSettings.of(
                            Views.bootstrapServers(properties),
                            properties,
                            devices.workers(),
                            Files.createDirectories(spoolDirectory),
                            build.version(),
                            build.gitRevision())
                    .withDataRoot(dataRoot);
            return TrainerService.start(keeping.applyTo(settings, null), registry);
        } catch (IOException | IllegalArgumentException | IllegalStateException e) {
            throw new UserError(String.valueOf(e.getMessage()), e);
        }
    }
}
