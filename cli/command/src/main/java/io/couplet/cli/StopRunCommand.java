package io.couplet.cli;

import io.couplet.view.http.OrderDesk;
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
        OrderDesk.Given given =
                order.give(pause ? OrderDesk.Kind.PAUSE : OrderDesk.Kind.STOP, reach.clientProperties());
        spec.commandLine()
                .getOut()
                .println((given.already() ? given.requestedBy() + " has asked " : "Asked ") + runId + " to "
                        + (pause ? "pause" : "stop") + (given.already() ? " already" : "")
                        + "; its trainer answers with an event that names " + given.commandId() + ".");
        return 0;
    }
}
