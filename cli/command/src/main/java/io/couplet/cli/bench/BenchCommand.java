package io.couplet.cli.bench;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code couplet bench}: what to measure. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measure this machine: the figures that the documentation states, side by side in one run.",
        synopsisSubcommandLabel = "WHAT",
        subcommands = {BenchAnalyticsCommand.class, BenchLatencyCommand.class})
public final class BenchCommand implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
