package io.couplet.cli;

import io.couplet.cli.watch.PrintableWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** {@code couplet}: which optimizer suits which vision backbone, on your data, for the least GPU time. */
@Command(
        name = "couplet",
        mixinStandardHelpOptions = true,
        versionProvider = BuildInfo.VersionProvider.class,
        description =
                "Finds out, live, which optimizer suits which vision backbone on your data for the least GPU time.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            RunStudyCommand.class,
            SubmitStudyCommand.class,
            ServeTrainerCommand.class,
            ServeStopperCommand.class,
            ServeDashboardCommand.class,
            ServeAlertsCommand.class,
            WatchStudyCommand.class,
            StopRunCommand.class,
            ResumeRunCommand.class,
            OrderRulesCommand.class,
            ReportStudyCommand.class,
            ScoreTableCommand.class,
            ReplayCurvesCommand.class,
            TailLogsCommand.class,
            EvaluatePoliciesCommand.class,
            TopicsCommand.class,
            ListNamesCommand.class,
            BenchCommand.class,
        },
        footer = {
            "",
            "Every flag can come from the environment: --data-dir from COUPLET_DATA_DIR.",
            "Exit codes: 0 done, 1 it broke while it ran, 2 something you can mend, 130 `run` was interrupted.",
            "`run` is done when its study is: it ends with 1 only if all its runs failed."
        })
public final class Couplet implements Runnable {

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Log what happens to stderr, with stack traces.")
    boolean verbose;

    private Couplet() {}

    public static void main(String[] arguments) {
        Locale.setDefault(
                Locale.ROOT); // Else what is printed has the digits and the decimal point of the machine's language.
        System.exit(commandLine(System.getenv()).execute(arguments));
    }

    /** The command with all its subcommands, for {@code main} and for tests. */
    static CommandLine commandLine(Map<String, String> environment) {
        Couplet couplet = new Couplet();
        Errors errors = new Errors();
        CommandLine commandLine = new CommandLine(couplet);
        commandLine
                .setDefaultValueProvider(new EnvironmentDefaults(environment))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
                .setExecutionExceptionHandler(errors)
                .setParameterExceptionHandler(errors)
                .setUsageHelpWidth(100)
                .setExecutionStrategy(parsed -> {
                    Logs.toStandardError(
                            couplet.verbose ? ch.qos.logback.classic.Level.INFO : ch.qos.logback.classic.Level.OFF);
                    Integer helped = CommandLine.executeHelpRequest(parsed); // with picocli's own colours
                    if (helped != null) {
                        return helped;
                    }
                    commandLine.setOut(PrintableWriter.over(commandLine.getOut()));
                    commandLine.setErr(PrintableWriter.over(commandLine.getErr()));
                    return new CommandLine.RunLast().execute(parsed);
                });
        return commandLine;
    }

    /** Without a command: say which there are. */
    @Override
    public void run() {
        commandLine(System.getenv()).usage(System.out);
    }
}
