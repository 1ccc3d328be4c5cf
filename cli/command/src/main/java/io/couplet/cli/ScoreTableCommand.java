package io.couplet.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.cli.score.ScoreReport;
import io.couplet.cli.score.ScoreRequest;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code couplet score}: coupling analysis of any finished table of results. */
@Command(
        name = "score",
        mixinStandardHelpOptions = true,
        description = {
            "Analyse how strongly backbones and optimizers are coupled in a finished table of results.",
            "TABLE.csv has a row for each optimizer and a column for each backbone, names first; a cell is a top-1 accuracy, empty when"
                    + " it was not run, 'diverged' when it diverged. Several rows of one optimizer are its seeds. A second column named"
                    + " optimizer_group holds the optimizers' families."
        })
final class ScoreTableCommand implements Callable<Integer> {

    /** What the numbers of the table are. */
    enum Unit {
        AUTO,
        PERCENT,
        FRACTION
    }

    @Parameters(paramLabel = "TABLE.csv", description = "Rows optimizers, columns backbones.")
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    Path table;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Option(
            names = "--unit",
            defaultValue = "auto",
            description = "One of: ${COMPLETION-CANDIDATES}; auto takes percent when any number is above 1"
                    + " (default: ${DEFAULT-VALUE}).")
    Unit unit = Unit.AUTO;

    @Option(
            names = "--families",
            paramLabel = "FILE",
            description = "CSV with the columns name and family, of backbones and optimizers, for contrasts of families"
                    + " (default: those of `couplet list`, by name).")
    @Nullable
    Path families;

    @Option(
            names = "--backbones",
            paramLabel = "NAME",
            split = ",",
            description = "Name the one optimizer with the least worst-case regret for these backbones (default: all).")
    List<String> backbones = List.of();

    @Option(
            names = "--gamma",
            paramLabel = "POINTS",
            defaultValue = "3",
            description = "γ of the paper's failure rule, percentage points (default: ${DEFAULT-VALUE}).")
    double gamma;

    @Option(
            names = "--chance",
            paramLabel = "X",
            description =
                    "Accuracy of guessing, in the table's unit: runs that diverged, and those at or below it, count as it.")
    @Nullable
    Double chance;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Validation images of each accuracy, for intervals with one seed; 0 for unknown (default: ${DEFAULT-VALUE}).")
    long samples;

    @Option(
            names = "--ranks",
            paramLabel = "FILE",
            description =
                    "CSV with an optimizer a row and a column hyperparameter_rank, computation_rank or both, for the overall ranking.")
    @Nullable
    Path ranks;

    @Option(
            names = "--seconds",
            paramLabel = "FILE",
            description = "Device seconds, laid out as the table, for cost ranks and the Pareto front.")
    @Nullable
    Path seconds;

    @Option(
            names = "--to-target",
            paramLabel = "FILE",
            description =
                    "Steps or seconds to a target accuracy, laid out as the table, empty where it was not reached, for AlgoPerf's score.")
    @Nullable
    Path toTarget;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        ScoreReport report = new ScoreRequest(
                        table,
                        unit == Unit.AUTO ? Optional.empty() : Optional.of(unit == Unit.PERCENT),
                        Optional.ofNullable(families),
                        Optional.ofNullable(ranks),
                        Optional.ofNullable(seconds),
                        Optional.ofNullable(toTarget),
                        backbones,
                        gamma,
                        chance == null ? OptionalDouble.empty() : OptionalDouble.of(chance),
                        samples)
                .report();
        PrintWriter out = spec.commandLine().getOut();
        out.print(
                json
                        ? new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(report.json()) + "\n"
                        : report.text(Terminal.width()));
        out.flush();
        return 0;
    }
}
