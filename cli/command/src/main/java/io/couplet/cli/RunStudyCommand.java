package io.couplet.cli;

import io.couplet.cli.local.DataDirectory;
import io.couplet.cli.local.KnownFamilies;
import io.couplet.cli.local.LocalSettings;
import io.couplet.cli.local.LocalSystem;
import io.couplet.cli.local.UserError;
import io.couplet.cli.metrics.ServiceMetrics;
import io.couplet.cli.watch.PrintableWriter;
import io.couplet.producers.Submission;
import io.couplet.schemas.SchemaRegistry;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.study.BackboneFile;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.data.DataException;
import io.couplet.trainer.data.DataSplit;
import io.couplet.trainer.training.Gpus;
import io.couplet.trainer.weights.StartingWeights;
import io.couplet.trainer.worker.TrainingImages;
import io.couplet.view.model.RunSummary;
import io.couplet.view.model.StudySettings;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.StudySummary;
import io.couplet.view.report.GridTable;
import io.couplet.view.report.StudyReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code couplet run}: everything on one machine, from the study to the report. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Train a study on this machine, with everything that takes, and show what suits what.")
final class RunStudyCommand implements Callable<Integer> {

    private static final Duration PAUSE = Duration.ofMillis(250);
    private static final Duration TIME_FOR_SCORES = Duration.ofSeconds(60);
    private static final int INTERRUPTED = 130;
    private static final String STOPPING =
            "Stopping; the next `couplet run` of this study goes on with what is missing…";

    @Mixin
    StudyOptions studyOptions = new StudyOptions();

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = DataDirOption.DEFAULT,
            description = "Where everything is kept; the next run goes on from it (default: ${DEFAULT-VALUE}).")
    Path dataDirectory = Path.of(DataDirOption.DEFAULT);

    @Mixin
    DeviceOptions devices = new DeviceOptions();

    @Mixin
    RunKeepingOptions keeping = new RunKeepingOptions();

    @Mixin
    MetricsOptions metricsOptions = new MetricsOptions();

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "0",
            description = "Port of the page, 0 for any free one (default: ${DEFAULT-VALUE}).")
    int port;

    @Mixin
    AccessOptions access = new AccessOptions();

    @Option(
            names = "--schema-registry",
            paramLabel = "URL",
            description =
                    "Apicurio Registry for the schemas; values are then in the Confluent wire format (default: none).")
    @Nullable
    String schemaRegistry;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    private PrintableWriter talk = PrintableWriter.over(new PrintWriter(System.err, true));
    private boolean onTerminal;

    @Override
    public Integer call() throws InterruptedException, IOException {
        talk = PrintableWriter.over(spec.commandLine().getErr());
        onTerminal = Terminal.showsTalk();
        StudySpecification study = studyOptions.study();
        checkNumbers();
        try (DataDirectory data = DataDirectory.take(dataDirectory)) {
            Logs.toFile(data.logs().resolve("couplet.log"));
            TrainingImages images = new TrainingImages(null);
            DataSplit split = read(study, images);
            checkWeights(study, split);
            show(study, split);
            // Only now: until here there is nothing to close, and Ctrl-C ends everything at once.
            return run(study, images, data);
        }
    }

    private int run(StudySpecification study, TrainingImages images, DataDirectory data)
            throws InterruptedException, IOException {
        try (Services.Shutdown shutdown = new Services.Shutdown(Services.TIME_TO_CLOSE_EVERYTHING);
                ServiceMetrics metrics = MetricsOptions.metrics("run");
                LocalSystem system =
                        LocalSystem.start(data, settings(study), metrics.registry(), what -> starting(what, shutdown));
                MetricsOptions.Served served =
                        metricsOptions.serve(metrics, () -> system.failure().orElse(null))) {
            talk.println();
            talk.println("The page is at " + system.dashboard());
            talk.println();
            endWhenAsked(shutdown);
            long beganMillis = System.currentTimeMillis();
            Submission.Result submitted = system.train(study, images);
            if (!submitted.alreadyEnded().isEmpty()) {
                talk.printf(
                        "%d of %d runs have ended before; %s%n",
                        submitted.alreadyEnded().size(),
                        study.runs(),
                        submitted.leavesWork() ? "the rest is trained now." : "nothing is left to train.");
            }
            long submittedMillis = submitted.submitted().isEmpty() ? 0 : beganMillis;
            Optional<StudySnapshot> end = follow(system, study, submittedMillis, shutdown);
            if (end.isEmpty()) {
                talk.println(STOPPING);
                return INTERRUPTED;
            }
            return conclude(end.get(), data);
        } catch (AskedToEnd e) {
            return INTERRUPTED;
        }
    }

    /** Somebody asked to stop before anything was trained. */
    private static final class AskedToEnd extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private void endWhenAsked(Services.Shutdown shutdown) {
        if (shutdown.asked()) {
            talk.control(onTerminal ? "\r\u001b[K" : "");
            talk.println(STOPPING);
            throw new AskedToEnd();
        }
    }

    private void checkNumbers() {
        devices.check();
        keeping.check();
        metricsOptions.check();
        access.access();
        AccessOptions.requirePort(port);
    }

    /** Reads the images before anything is started: whatever is wrong with them is said at once. */
    private static DataSplit read(StudySpecification study, TrainingImages images) throws InterruptedException {
        try {
            return images.open(study.requests(0).get(0).getData());
        } catch (DataException | IllegalArgumentException e) {
            throw new UserError(String.valueOf(e.getMessage()), e);
        }
    }

    /** Files of weights likewise: each run would say only when its turn comes what a header tells at once. */
    private static void checkWeights(StudySpecification study, DataSplit data) {
        Backbones.Size size = Backbones.Size.of(study.size());
        study.weights().forEach((backbone, file) -> {
            try {
                Backbones.Task task = new Backbones.Task(size, data.imageSize(), data.classCount(), 0);
                StartingWeights.check(
                        Path.of(file), Backbones.create(backbone, task).layout());
            } catch (IllegalArgumentException e) {
                throw new UserError(
                        "Weights of " + backbone + " at size " + study.size() + ": " + e.getMessage() + ".", e);
            }
        });
    }

    private void show(StudySpecification study, DataSplit data) {
        talk.printf(
                "Study %s: %d backbones of size %s × %d optimizers × %d %s, %d steps of %d images each%n",
                study.studyId(),
                study.backbones().size(),
                study.size(),
                study.optimizers().size(),
                study.seeds().size(),
                study.seeds().size() == 1 ? "seed" : "seeds",
                study.budget().steps(),
                study.budget().batchSize());
        talk.println("Images: " + data.report().summary());
        data.report().notes().forEach(note -> talk.println("  " + note));
        study.backbones().stream()
                .flatMap(backbone -> BackboneFile.of(backbone).stream())
                .forEach(
                        file -> talk.println(
                                "Warning: " + file.path()
                                        + " is TorchScript, which can run any code it likes on this machine: train only files whose author you trust."));
    }

    private LocalSettings settings(StudySpecification study) {
        if ("cpu".equals(study.device()) && devices.devices.equals(List.of("auto"))) {
            devices.devices = List.of("cpu");
        }
        List<String> workers = devices.workers();
        String wanted = study.device();
        if (wanted != null && wanted.startsWith("gpu")) {
            DeviceOptions.require(Gpus.ofThisMachine(), wanted);
            if (workers.stream().noneMatch(worker -> worker.startsWith("gpu"))) {
                throw new UserError("The study wants device " + wanted + " and --devices names none but the CPU: leave "
                        + "--devices out, or name a GPU.");
            }
        }
        BuildInfo build = BuildInfo.read();
        Map<String, String> registry = schemaRegistry == null || schemaRegistry.isBlank()
                ? Map.of()
                : Map.of(SchemaRegistry.URL, schemaRegistry);
        return new LocalSettings(
                workers,
                new LocalSettings.Page(access.host, port, access.access(), !access.readOnly),
                build.version(),
                build.gitRevision(),
                registry,
                keeping::applyTo);
    }

    private void starting(String what, Services.Shutdown shutdown) {
        endWhenAsked(shutdown);
        if (onTerminal) {
            talk.control("\r\u001b[K");
            talk.print("Starting " + what + "…");
            talk.flush();
        } else {
            talk.println("Starting " + what + "…");
        }
    }

    /** Shows how it goes until all runs have ended and are scored; empty when somebody asked to stop. */
    private Optional<StudySnapshot> follow(
            LocalSystem system, StudySpecification study, long submittedMillis, Services.Shutdown shutdown)
            throws InterruptedException {
        Set<String> asked = study.requests(0).stream().map(RunRequest::getRunId).collect(Collectors.toSet());
        RunProgress progress = new RunProgress(talk, onTerminal, Terminal::widthOfTalk);
        long finishedMillis = 0;
        while (!shutdown.asked(PAUSE)) {
            Optional<String> failure = system.failure();
            if (failure.isPresent()) {
                progress.erase();
                throw new IllegalStateException(failure.get());
            }
            StudySnapshot seen = system.model().snapshot(study.studyId());
            if (seen == null) {
                continue;
            }
            long now = System.currentTimeMillis();
            progress.show(seen, now);
            if (seen.summary().finished() && shows(seen, asked, submittedMillis)) {
                finishedMillis = finishedMillis == 0 ? now : finishedMillis;
                if (seen.scored() || now - finishedMillis > TIME_FOR_SCORES.toMillis()) {
                    progress.erase();
                    return Optional.of(seen);
                }
            } else {
                finishedMillis = 0; // A paused run was resumed.
            }
        }
        progress.erase();
        return Optional.empty();
    }

    /** Of a study that was trained before, the view shows for a moment what was, and not yet what is asked for now. */
    private static boolean shows(StudySnapshot study, Set<String> asked, long submittedMillis) {
        StudySettings settings = study.settings();
        // Requests are kept for a shorter time than the ends of runs.
        return (settings == null ? submittedMillis == 0 : settings.submittedMillis() >= submittedMillis)
                && runIds(study).containsAll(asked);
    }

    private static Set<String> runIds(StudySnapshot study) {
        return study.cells().stream()
                .flatMap(cell -> cell.runs().stream())
                .map(RunSummary::runId)
                .collect(Collectors.toSet());
    }

    private int conclude(StudySnapshot study, DataDirectory data) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        out.println();
        out.print(GridTable.render(study, Terminal.width()));
        Path report = write(study, data);
        out.println();
        out.println("Report: " + report);
        out.flush();
        StudySummary summary = study.summary();
        if (!study.scored()) {
            talk.println("Some cells have no score, see the report.");
        }
        return summary.failed() == summary.runsExpected() ? Errors.FAILED : 0;
    }

    private static Path write(StudySnapshot study, DataDirectory data) throws IOException {
        StudyReport report = StudyReport.of(study, Instant.now(), KnownFamilies.byName());
        Path directory =
                Files.createDirectories(data.reports().resolve(study.summary().id()));
        Files.writeString(directory.resolve("report.json"), report.json());
        Files.writeString(directory.resolve("report.md"), report.markdown());
        Files.writeString(directory.resolve("report.csv"), report.csv());
        return Files.writeString(directory.resolve("report.html"), report.html());
    }
}
