package io.couplet.cli;

import io.couplet.view.http.OrderDesk;
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
        OrderDesk.Given given = order.give(OrderDesk.Kind.RESUME, reach.clientProperties());
        spec.commandLine()
                .getOut()
                .println((given.already() ? given.requestedBy() + " has asked already for " : "Asked for ") + runId
                        + " to be taken up again (" + given.commandId()
                        + "); the early stopper puts it back into the queue.");
        return 0;
    }
}
