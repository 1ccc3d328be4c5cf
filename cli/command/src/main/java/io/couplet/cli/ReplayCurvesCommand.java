package io.couplet.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.cli.local.UserError;
import io.couplet.producers.CurvesException;
import io.couplet.producers.CurvesReplay;
import io.couplet.producers.CurvesSender;
import io.couplet.producers.RecordedCurves;
import io.couplet.producers.RecordedCurves.Column;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code couplet replay}: recorded curves into the topics. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        description = {
            "Send recorded curves into the topics, as if their runs were trained now.",
            "CURVES.csv (or .csv.gz) has a row for each step of each run, with the columns run, backbone, optimizer and step, and, as"
                    + " far as there are: seed, budget (else a run's last step), seconds since the run began (else one a step), loss,"
                    + " learning_rate, gradient_norm, batch_accuracy, top1, top5 and validation_loss. A cell may be empty; nan and inf"
                    + " are sent as they are. A row with a loss is a training step, one with a top1 an evaluation (whose loss is 0 when"
                    + " there is no validation_loss).",
            "The same file with the same flags gives the same records."
        })
final class ReplayCurvesCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Parameters(paramLabel = "CURVES.csv", description = "Recorded curves, long form.")
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    Path curves;

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Mixin
    RecordedRunOptions runs = new RecordedRunOptions();

    @Option(
            names = "--study",
            paramLabel = "NAME",
            description = "Name of the study the runs appear under (default: the file's name).")
    @Nullable
    String study;

    @Option(
            names = "--speed",
            paramLabel = "X",
            description = "X times as fast as recorded, by the column seconds (default: as fast as Kafka takes them).")
    @Nullable
    Double speed;

    @Option(names = "--rate", paramLabel = "N", description = "N steps a second, of all runs together.")
    @Nullable
    Double rate;

    @Option(
            names = "--start",
            paramLabel = "TIME",
            description = "When the runs began, e.g. 2026-01-31T12:00:00Z; give one for the same bytes each time"
                    + " (default: now).")
    @Nullable
    String start;

    @Option(names = "--target", paramLabel = "X", description = "Accuracy aimed at, a fraction in (0, 1].")
    @Nullable
    Double target;

    @Option(names = "--json", description = "Print the counts as JSON.")
    boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException, JsonProcessingException {
        CurvesSender.Pace pace = pace();
        CurvesReplay.Settings settings = settings();
        var properties = reach.clientProperties();
        try {
            RecordedCurves recorded = RecordedCurves.read(curves, runs.headings(), runs.percent());
            CurvesReplay replay = new CurvesReplay(recorded, settings);
            if (speed != null
                    && recorded.runs().stream()
                            .noneMatch(run -> run.rows().get(0).given(Column.SECONDS))) {
                throw new UserError("--speed needs a column seconds, which " + recorded.name()
                        + " has not: name it with --column seconds=HEADING, or give --rate STEPS.");
            }
            try (CurvesSender sender =
                    CurvesSender.open(Views.bootstrapServers(properties), properties, pace, PATIENCE)) {
                CurvesReplay.Counts counts = replay.replay(sender);
                sender.finish();
                print(replay.studyId(), counts);
            }
            return 0;
        } catch (CurvesException e) {
            throw new UserError(String.valueOf(e.getMessage()), e);
        }
    }

    private void print(String studyId, CurvesReplay.Counts counts) throws JsonProcessingException {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("study", studyId);
            object.put("runs", counts.runs());
            object.put("steps", counts.steps());
            object.put("evaluations", counts.evaluations());
            object.put("events", counts.events());
            object.put("rowsWithoutMetric", counts.rowsWithoutMetric());
            out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(object));
        } else {
            out.printf(
                    "%s: %d runs, %d steps, %d evaluations and %d events sent; %d rows had neither loss nor top1%n",
                    studyId,
                    counts.runs(),
                    counts.steps(),
                    counts.evaluations(),
                    counts.events(),
                    counts.rowsWithoutMetric());
        }
        out.flush();
    }

    private CurvesSender.Pace pace() {
        if (speed != null && rate != null) {
            throw new UserError("--speed and --rate are both given: keep one.");
        }
        require(speed == null || speed > 0 && Double.isFinite(speed), "--speed must be above 0, was " + speed + ".");
        require(rate == null || rate > 0 && Double.isFinite(rate), "--rate must be above 0, was " + rate + ".");
        if (speed != null) {
            return new CurvesSender.Pace.Recorded(speed);
        }
        return rate == null ? new CurvesSender.Pace.Unbounded() : new CurvesSender.Pace.Steps(rate);
    }

    private CurvesReplay.Settings settings() {
        runs.check();
        require(target == null || target > 0 && target <= 1, "--target must lie in (0, 1], was " + target + ".");
        String name = study == null ? String.valueOf(curves.getFileName()).replaceFirst("\\.csv(\\.gz)?$", "") : study;
        require(!name.isBlank(), "--study is blank: give a name.");
        return new CurvesReplay.Settings(
                name,
                startMillis(),
                runs.warmupSteps,
                runs.schedule(),
                runs.drops,
                runs.classes,
                runs.samples,
                target,
                null);
    }

    private long startMillis() {
        if (start == null) {
            return System.currentTimeMillis();
        }
        try {
            return Instant.parse(start).toEpochMilli();
        } catch (DateTimeParseException e) {
            throw new UserError("--start must be a time such as 2026-01-31T12:00:00Z, was '" + start + "'.", e);
        }
    }

    private static void require(boolean holds, String sentence) {
        if (!holds) {
            throw new UserError(sentence);
        }
    }
}
