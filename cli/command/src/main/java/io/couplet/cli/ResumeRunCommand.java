package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.producers.RunOrders;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code couplet resume}: a person has a paused run taken up again. */
@Command(
        name = "resume",
        mixinStandardHelpOptions = true,
        description =
                "Have a paused run taken up again from its checkpoint: the early stopper puts it back into the queue.")
final class ResumeRunCommand implements Callable<Integer> {

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Mixin
    RunOrderOptions order = new RunOrderOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() {
        String runId = order.run();
        try (RunOrders orders = new RunOrders(reach.clientProperties(), Clock.systemUTC())) {
            String commandId = orders.resume(runId, RunOrderOptions.user(), order.reason);
            spec.commandLine()
                    .getOut()
                    .println("Asked for " + runId + " to be taken up again (" + commandId
                            + "); if it is paused, the early stopper puts it back into the queue.");
        } catch (IllegalArgumentException e) {
            throw new UserError(e.getMessage() + ".", e);
        }
        return 0;
    }
}
