package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.producers.RunOrders;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code couplet stop}: a person ends a run, or pauses it. */
@Command(
        name = "stop",
        mixinStandardHelpOptions = true,
        description = "Ask the trainer of a run to end it after its present step.")
final class StopRunCommand implements Callable<Integer> {

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Mixin
    RunOrderOptions order = new RunOrderOptions();

    @Option(names = "--pause", description = "Keep a checkpoint, so that `couplet resume` can take the run up again.")
    boolean pause;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() {
        String runId = order.run();
        try (RunOrders orders = new RunOrders(reach.clientProperties(), Clock.systemUTC())) {
            String commandId = orders.stop(runId, RunOrderOptions.user(), order.reason, pause);
            spec.commandLine()
                    .getOut()
                    .println("Asked " + runId + " to " + (pause ? "pause" : "stop")
                            + "; its trainer answers with an event that names " + commandId + ".");
        } catch (IllegalArgumentException e) {
            throw new UserError(e.getMessage() + ".", e);
        }
        return 0;
    }
}
