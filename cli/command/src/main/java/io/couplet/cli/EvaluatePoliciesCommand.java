package io.couplet.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.cli.curves.CurvesFile;
import io.couplet.cli.curves.StudyCurves;
import io.couplet.cli.local.UserError;
import io.couplet.cli.policies.PoliciesReport;
import io.couplet.cli.policies.PoliciesRequest;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code couplet policies}: what stopping rules would have done to recorded curves. */
@Command(
        name = "policies",
        mixinStandardHelpOptions = true,
        description = {
            "Show what stopping rules would have saved and lost on recorded curves, before anyone arms them.",
            "CURVES.csv has a row for each evaluation: the columns run, backbone, optimizer, step, perhaps seed and budget, and the metrics;"
                    + " --study takes the evaluations of a study from Kafka instead."
                    + " The backbones run one after the other, in every order; the runs of one backbone side by side."
        })
final class EvaluatePoliciesCommand implements Callable<Integer> {

    @Parameters(arity = "0..1", paramLabel = "CURVES.csv", description = "Recorded curves in long form.")
    @Nullable
    Path curves;

    @Option(
            names = "--study",
            paramLabel = "ID",
            description = "A study that Kafka has, at its own rungs: runs that did not come to their end are left out.")
    @Nullable
    String study;

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Option(
            names = "--rule",
            paramLabel = "RULE",
            description =
                    "A rule of `couplet list rules`, with options as in transfer:risk=0.3,grace=0.05; may be repeated"
                            + " (default: transfer, asha, median, successive-halving, i-epoch and plateau).")
    List<String> rules = List.of();

    @Option(
            names = "--metric",
            paramLabel = "COLUMN",
            description =
                    "The column to compare by (default: accuracy, top1, perplexity, loss or the like, whichever there is).")
    @Nullable
    String metric;

    @Option(
            names = "--lower-is-better",
            description = "The metric is a loss, a perplexity or an error (default: by its name).")
    @Nullable
    Boolean lowerIsBetter;

    @Option(
            names = "--rungs",
            paramLabel = "SHARE",
            split = ",",
            defaultValue = "0.01,0.02,0.03,0.05,0.08,0.12,0.18,0.25,0.35,0.5,0.65,0.75,0.8,0.9",
            description = "Shares of the budget at which rules look (default: ${DEFAULT-VALUE}).")
    List<Double> rungs = List.of();

    @Option(
            names = "--orders",
            paramLabel = "N",
            defaultValue = "24",
            description =
                    "At most so many orders of the backbones, drawn by chance when there are more (default: ${DEFAULT-VALUE}).")
    int orders;

    @Option(
            names = "--target",
            paramLabel = "X",
            description = "A run ends when the metric reaches this value, and then counts as complete.")
    @Nullable
    Double target;

    @Option(
            names = "--warmup",
            paramLabel = "SHARE",
            defaultValue = "0",
            description = "Share of the budget that is learning-rate warm-up (default: ${DEFAULT-VALUE}).")
    double warmup;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Option(names = "--plot", paramLabel = "FILE.svg", description = "Draw steps saved against regret.")
    @Nullable
    Path plot;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        List<Double> shares = new ArrayList<>(rungs);
        PoliciesReport report = new PoliciesRequest(
                        curves(shares),
                        rules,
                        Optional.ofNullable(metric),
                        Optional.ofNullable(lowerIsBetter),
                        shares,
                        orders,
                        target == null ? OptionalDouble.empty() : OptionalDouble.of(target),
                        warmup)
                .report();
        if (plot != null) {
            write(plot, report.svg());
        }
        PrintWriter out = spec.commandLine().getOut();
        out.print(
                json
                        ? new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(report.json()) + "\n"
                        : report.text());
        out.flush();
        return 0;
    }

    /** What is to be judged; of a study, its own rungs take the place of those given. */
    private CurvesFile curves(List<Double> shares) {
        if ((curves == null) == (study == null)) {
            throw new UserError(
                    "Give recorded curves, CURVES.csv, or a study that Kafka has, --study ID, one of the two.");
        }
        if (curves != null) {
            return CurvesFile.read(curves);
        }
        String studyId = String.valueOf(study);
        return reach.reading(properties -> {
            List<Double> own = new ArrayList<>();
            CurvesFile file = StudyCurves.read(properties, studyId, own);
            shares.clear();
            shares.addAll(own);
            return file;
        });
    }

    private static void write(Path file, String svg) {
        try {
            Files.writeString(file, svg);
        } catch (IOException e) {
            throw new UserError("--plot: " + file + " cannot be written: choose a file in a folder that is there.", e);
        }
    }
}
