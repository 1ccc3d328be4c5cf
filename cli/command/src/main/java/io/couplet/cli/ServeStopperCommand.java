package io.couplet.cli;

import ch.qos.logback.classic.Level;
import io.couplet.stopper.EarlyStopper;
import io.couplet.stopper.EarlyStopperSettings;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code couplet stopper}: ends hopeless runs. */
@Command(name = "stopper", mixinStandardHelpOptions = true, description = "Watch all runs and end the hopeless ones.")
final class ServeStopperCommand implements Callable<Integer> {

    @Mixin
    KafkaOptions kafka = new KafkaOptions();

    @Override
    public Integer call() throws InterruptedException {
        Logs.toStandardError(Level.INFO);
        var properties = kafka.clientProperties();
        try (Services.Shutdown shutdown = new Services.Shutdown();
                ScratchDirectory scratch = ScratchDirectory.create("couplet-stopper");
                EarlyStopper stopper = new EarlyStopper(
                        EarlyStopperSettings.of(Views.bootstrapServers(properties), properties, scratch.path()))) {
            stopper.start();
            shutdown.await();
        }
        return 0;
    }
}
