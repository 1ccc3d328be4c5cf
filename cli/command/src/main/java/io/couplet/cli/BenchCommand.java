package io.couplet.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code couplet bench}: the measurements that the documents and each RATIONALE.md name, for anyone to repeat. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measure this machine: training steps, every pairing, the scores' throughput and latency.",
        synopsisSubcommandLabel = "WHAT",
        subcommands = {
            BenchTrainerCommand.class,
            BenchPairingsCommand.class,
            BenchAnalyticsCommand.class,
            BenchLatencyCommand.class,
            BenchDecisionsCommand.class,
            BenchScaleCommand.class
        })
final class BenchCommand implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    /** Without a measurement: say which there are. */
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
