package io.couplet.cli;

import io.couplet.cli.local.KnownFamilies;
import io.couplet.cli.local.UserError;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import io.couplet.view.report.ReportReader;
import io.couplet.view.report.StepsFile;
import io.couplet.view.report.StudyReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code couplet report}: what a study found, from the topics alone. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = "Print a study's report, made from the topics alone.")
final class ReportStudyCommand implements Callable<Integer> {

    /** How it is written. */
    enum Format {
        JSON,
        MARKDOWN,
        CSV,
        HTML,
        /** Not the report: the steps it rests on. */
        PARQUET;

        String of(StudyReport report) {
            return switch (this) {
                case PARQUET -> throw new IllegalStateException("Parquet is no text");
                case JSON -> report.json();
                case MARKDOWN -> report.markdown();
                case CSV -> report.csv();
                case HTML -> report.html();
            };
        }
    }

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Mixin
    StudySelection selection = new StudySelection();

    @Option(
            names = "--format",
            defaultValue = "markdown",
            description =
                    "One of: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}); parquet is every step of the study, none"
                            + " sampled away, a row each, and needs --output.")
    Format format = Format.MARKDOWN;

    @Option(names = "--json", description = "The same as --format json.")
    boolean json;

    @Option(names = "--output", paramLabel = "FILE", description = "Write to this file (default: stdout).")
    @Nullable
    Path output;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() {
        if (format == Format.PARQUET && !json && output == null) {
            throw new UserError("--format parquet needs a file: give --output steps.parquet.");
        }
        return reach.reading(this::print);
    }

    private int print(Map<String, String> properties) {
        ViewModel model = Views.read(properties);
        StudySnapshot study = selection.in(model);
        if (study == null) {
            throw selection.missing(model);
        }
        if (format == Format.PARQUET && !json && output != null) {
            writeSteps(properties, study.summary().id(), output);
            return 0;
        }
        String text = (json ? Format.JSON : format).of(StudyReport.of(study, Instant.now(), KnownFamilies.byName()));
        if (output == null) {
            spec.commandLine().getOut().print(text);
            spec.commandLine().getOut().flush();
            return 0;
        }
        try {
            Files.writeString(output, text);
            return 0;
        } catch (IOException e) {
            throw new UserError("The report cannot be written to " + output + ": give another --output.", e);
        }
    }

    private void writeSteps(Map<String, String> properties, String studyId, Path file) {
        try {
            StepsFile.Written written = StepsFile.write(
                    taker -> ReportReader.forEach(
                            Views.bootstrapServers(properties),
                            properties,
                            Views.PATIENCE,
                            List.of(Topics.STEP_METRICS.name()),
                            taker),
                    WireFormat.of(properties),
                    studyId,
                    file);
            spec.commandLine()
                    .getErr()
                    .printf(
                            "%d steps in %s; left out: %d records that repeat one, %d that cannot be read%n",
                            written.rows(), file, written.duplicates(), written.unreadable());
        } catch (IOException e) {
            throw new UserError("The steps cannot be written to " + file + ": give another --output.", e);
        }
    }
}
