package io.couplet.cli;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.cli.local.DataDirectory;
import io.couplet.cli.local.LocalSettings;
import io.couplet.cli.local.LocalSystem;
import io.couplet.cli.local.UserError;
import io.couplet.producers.Counts;
import io.couplet.producers.MetricPublisher;
import io.couplet.producers.PublisherSettings;
import io.couplet.producers.tail.LogFormat;
import io.couplet.producers.tail.LogTail;
import io.couplet.producers.tail.PathPattern;
import io.couplet.producers.tail.TailCounts;
import io.couplet.producers.tail.TailException;
import io.couplet.producers.tail.TailProblem;
import io.couplet.producers.tail.TailSettings;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.view.LiveViewSettings;
import io.couplet.view.http.Access;
import io.couplet.view.model.CellSnapshot;
import io.couplet.view.model.RunSnapshot;
import io.couplet.view.model.RungValue;
import io.couplet.view.model.ViewModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.CommonClientConfigs;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code couplet tail}: the logs of trainings that know nothing of Couplet into the topics, as they grow. */
@Command(
        name = "tail",
        mixinStandardHelpOptions = true,
        description = {
            "Follow the logs of trainings that know nothing of Couplet, and send what they say as runs.",
            "A log is a CSV file with a row a step, JSON lines (mmengine's scalars.json, mmcv's and OpenMixup's *.log.json, the history that"
                    + " W&B's API exports), W&B's own run-ID.wandb, or a TensorBoard event file. Folders are looked through for logs,"
                    + " new ones too.",
            "What a run is of comes from the flags, else from --path-pattern, else from the log (columns, W&B's configuration)."
                    + " Metrics are found by their usual names: loss, train/loss, lr, grad_norm, top1, val/acc, accuracy/top1, …",
            "Without a Kafka that is named and without a `couplet run` going on in the data directory, it starts a broker, the Flink jobs and the page"
                    + " there itself, and says where the page is.",
            "Ends with Ctrl-C, after --idle SECONDS without news, or, with --once, when all is read; started again, it goes on where it was"
                    + " and sends nothing twice. Exit code 1 when there was something it could not read or send: each such line is listed."
        })
final class TailLogsCommand implements Callable<Integer> {

    private static final Duration PAUSE = Duration.ofMillis(300);
    private static final Duration TIME_FOR_SCORES = Duration.ofSeconds(60);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

    /** What tells whether all is scored: everything but the steps themselves. */
    private static final List<String> OUTCOMES = List.of(
            Topics.RUN_EVENTS.name(),
            Topics.EVALUATIONS.name(),
            Topics.CONVERGENCE_SCORES.name(),
            Topics.COUPLING_SCORES.name());

    private static final int MOST_LISTED = 100;

    @Parameters(
            arity = "1..*",
            paramLabel = "PATH",
            description = "Logs, and folders that hold some; with several folders, runs are named with theirs.")
    List<Path> paths = List.of();

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Mixin
    RecordedRunOptions runs = new RecordedRunOptions();

    @Option(
            names = "--study",
            paramLabel = "NAME",
            defaultValue = "tail",
            description = "Name of the study the runs appear under (default: ${DEFAULT-VALUE}).")
    String study = "tail";

    @Option(names = "--backbone", paramLabel = "NAME", description = "Backbone of all runs.")
    @Nullable
    String backbone;

    @Option(names = "--optimizer", paramLabel = "NAME", description = "Optimizer of all runs.")
    @Nullable
    String optimizer;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of all runs (default: 0 where nothing says).")
    @Nullable
    Long seed;

    @Option(
            names = "--budget",
            paramLabel = "STEPS",
            description = "Steps that each run will take; with --once, a run's last step where nothing says.")
    @Nullable
    Integer budget;

    @Option(
            names = "--path-pattern",
            paramLabel = "PATTERN",
            description =
                    "What paths say, seen from their folder, e.g. '{backbone}/{optimizer}/seed{seed}/**'; also {budget} and {run},"
                            + " which makes one run of several logs. * is any part of a name, ** anything.")
    @Nullable
    String pathPattern;

    @Option(
            names = "--format",
            description = "Form of the logs, where their names do not tell, one of: ${COMPLETION-CANDIDATES}.")
    @Nullable
    LogFormat format;

    @Option(
            names = "--steps-per-epoch",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Steps of an epoch, for logs that count epochs (default: evaluations stand at the newest step).")
    long stepsPerEpoch;

    @Option(
            names = "--rungs",
            paramLabel = "N",
            defaultValue = "0",
            description = "Evaluations of a whole run (default: the budget over the step of the first evaluation).")
    int rungs;

    @Option(names = "--once", description = "The logs have ended: read them to their ends, and end.")
    boolean once;

    @Option(
            names = "--idle",
            paramLabel = "SECONDS",
            description =
                    "End when no log has grown for so long; the runs end with it (default: go on until interrupted).")
    @Nullable
    Long idleSeconds;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "Where it keeps how far it is, and what Kafka has not taken yet"
                    + " (default: tail/STUDY in the data directory).")
    @Nullable
    Path state;

    @Option(names = "--json", description = "Print the counts as JSON.")
    boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    private final List<TailProblem> listed = new ArrayList<>();

    @Override
    public Integer call() throws InterruptedException, JsonProcessingException {
        TailSettings settings = settings();
        try {
            LogTail.check(paths, settings);
        } catch (TailException e) {
            throw new UserError(String.valueOf(e.getMessage()), e);
        }
        if (!reach.isThere()) {
            return sendHere(settings);
        }
        Map<String, String> properties = reach.clientProperties();
        Logs.toStandardError(Level.WARN);
        try (Services.Shutdown shutdown = new Services.Shutdown()) {
            return send(settings, properties, shutdown, null);
        }
    }

    /** Into a broker of its own, with the jobs that score what comes and the page that shows it. */
    private int sendHere(TailSettings settings) throws InterruptedException, JsonProcessingException {
        PrintWriter talk = spec.commandLine().getErr();
        try (DataDirectory data = DataDirectory.take(reach.dataDirectory)) {
            Logs.toFile(data.logs().resolve("couplet.log"));
            try (Services.Shutdown shutdown = new Services.Shutdown(Services.TIME_TO_CLOSE_EVERYTHING);
                    LocalSystem system =
                            LocalSystem.start(data, here(), what -> talk.println("Starting " + what + "…"))) {
                talk.println("The page is at " + system.dashboard());
                Map<String, String> properties = new HashMap<>(reach.kafka.registryProperties());
                properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, system.bootstrapServers());
                return send(settings, properties, shutdown, system);
            }
        }
    }

    /** Nobody trains here, so that nobody would obey orders. */
    private LocalSettings here() {
        BuildInfo build = BuildInfo.read();
        LocalSettings.Page page = new LocalSettings.Page(LiveViewSettings.LOOPBACK, 0, Access.OPEN, false);
        return new LocalSettings(
                List.of(),
                page,
                build.version(),
                build.gitRevision(),
                reach.kafka.registryProperties(),
                (trainer, checkpoints) -> trainer);
    }

    private int send(
            TailSettings settings,
            Map<String, String> properties,
            Services.Shutdown shutdown,
            @Nullable LocalSystem system)
            throws InterruptedException, JsonProcessingException {
        Path directory = state == null ? reach.dataDirectory.resolve("tail").resolve(RunId.part(study)) : state;
        try (MetricPublisher publisher = MetricPublisher.open(
                        PublisherSettings.of(
                                Views.bootstrapServers(properties), properties, directory.resolve("spool")),
                        InstantSource.system());
                LogTail tail = new LogTail(
                        paths,
                        settings,
                        publisher,
                        directory.resolve("tail.json"),
                        once,
                        InstantSource.system(),
                        this::tell)) {
            boolean ended = follow(tail, shutdown, system);
            boolean acknowledged = publisher.flush(Duration.ofSeconds(30));
            if (ended && acknowledged && system != null) {
                awaitScores(tail.runIds(), properties, shutdown, system);
            }
            print(tail, publisher.counts());
            if (!acknowledged) {
                throw new UserError("Kafka at " + Views.bootstrapServers(properties) + " has not taken all of it;"
                        + " what is left waits in " + directory
                        + ": start the same command again when Kafka is there.");
            }
            return tail.counts().malformed() == 0 ? 0 : Errors.FAILED;
        } catch (TailException | IOException e) {
            throw new UserError(String.valueOf(e.getMessage()), e);
        }
    }

    /** Whether the logs were followed to their ends; not, when somebody asked to stop. */
    private boolean follow(LogTail tail, Services.Shutdown shutdown, @Nullable LocalSystem system)
            throws TailException, InterruptedException {
        if (once) {
            tail.poll();
            tail.end();
            return true;
        }
        long grewAt = System.nanoTime();
        do {
            grewAt = tail.poll() ? System.nanoTime() : grewAt;
            if (idleSeconds != null
                    && System.nanoTime() - grewAt
                            > Duration.ofSeconds(idleSeconds).toNanos()) {
                tail.end();
                return true;
            }
            requireWorking(system);
        } while (!shutdown.asked(PAUSE));
        return false;
    }

    private static void requireWorking(@Nullable LocalSystem system) {
        if (system != null && system.failure().isPresent()) {
            throw new IllegalStateException(system.failure().get());
        }
    }

    /** With this command the jobs end too: what they have not scored would wait for the next one. */
    private void awaitScores(
            List<String> runIds, Map<String, String> properties, Services.Shutdown shutdown, LocalSystem system)
            throws InterruptedException {
        long began = System.nanoTime();
        while (!scored(runIds, Views.read(properties, OUTCOMES))) {
            requireWorking(system);
            if (System.nanoTime() - began > TIME_FOR_SCORES.toNanos()) {
                spec.commandLine()
                        .getErr()
                        .println("Not everything is scored yet; the same command again goes on with it.");
                return;
            }
            if (shutdown.asked(BETWEEN_LOOKS)) {
                return;
            }
        }
    }

    /** Whether each run has a score of its newest step, and each cell one of all its runs at the newest rung. */
    private static boolean scored(List<String> runIds, ViewModel model) {
        for (String runId : runIds) {
            RunSnapshot run = model.run(runId, 1);
            if (run == null) {
                return false;
            }
            RunSnapshot.Convergence score = run.convergence();
            if (run.summary().step() > 0
                    && (score == null || score.step() < run.summary().step())) {
                return false;
            }
        }
        return runIds.stream()
                .map(runId -> RunId.parse(runId).studyId())
                .distinct()
                .map(model::snapshot)
                .filter(Objects::nonNull)
                .flatMap(snapshot -> snapshot.cells().stream())
                .allMatch(TailLogsCommand::isScored);
    }

    private static boolean isScored(CellSnapshot cell) {
        if (cell.rungs().isEmpty()) {
            return true;
        }
        RungValue newest = cell.rungs().get(cell.rungs().size() - 1);
        long runs =
                cell.runs().stream().filter(run -> run.rung() == newest.rung()).count();
        return newest.scored() && newest.runs() >= runs;
    }

    private void tell(TailProblem problem) {
        if (listed.size() < MOST_LISTED) {
            listed.add(problem);
            spec.commandLine().getErr().println(problem);
        } else if (listed.size() == MOST_LISTED) {
            listed.add(problem);
            spec.commandLine().getErr().println("… more of these are counted, not listed.");
        }
    }

    private void print(LogTail tail, Counts sent) throws JsonProcessingException {
        TailCounts counts = tail.counts();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("study", study);
            object.put("runIds", tail.runIds());
            object.put("counts", counts);
            object.put("records", sent);
            object.put("problems", listed.stream().limit(MOST_LISTED).toList());
            out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(object));
        } else {
            out.printf(
                    "%s: %d runs in %d logs; %d steps, %d evaluations and %d events sent%n",
                    study, counts.runs(), counts.files(), counts.steps(), counts.evaluations(), counts.events());
            out.printf(
                    "Not sent: %d entries without loss or accuracy, %d steps a second time, %d evaluations between two rungs or before training, %d malformed."
                            + " Logs cut or replaced: %d.%n",
                    counts.withoutMetric(),
                    counts.repeated(),
                    counts.betweenRungs(),
                    counts.malformed(),
                    counts.replaced());
        }
        out.flush();
    }

    private TailSettings settings() {
        Map<String, String> facts = new LinkedHashMap<>();
        put(facts, "backbone", backbone);
        put(facts, "optimizer", optimizer);
        put(facts, "seed", seed);
        put(facts, "budget", budget);
        require(!study.isBlank(), "--study is blank: give a name.");
        require(budget == null || budget > 0, "--budget must be above 0, was " + budget + ".");
        require(rungs >= 0 && rungs <= 2_000, "--rungs must lie in 1 to 2000, was " + rungs + ".");
        require(stepsPerEpoch >= 0, "--steps-per-epoch must not be negative, was " + stepsPerEpoch + ".");
        runs.check();
        require(idleSeconds == null || idleSeconds > 0, "--idle must be above 0, was " + idleSeconds + ".");
        require(!once || idleSeconds == null, "--once and --idle are both given: keep one.");
        return new TailSettings(
                study,
                facts,
                pattern(),
                format,
                runs.headings(),
                runs.percent(),
                stepsPerEpoch,
                rungs,
                runs.warmupSteps,
                runs.schedule(),
                runs.drops,
                runs.classes,
                runs.samples);
    }

    private @Nullable PathPattern pattern() {
        if (pathPattern == null) {
            return null;
        }
        try {
            return PathPattern.of(pathPattern);
        } catch (IllegalArgumentException e) {
            throw new UserError("--path-pattern: " + e.getMessage() + ".", e);
        }
    }

    private static void put(Map<String, String> facts, String name, @Nullable Object value) {
        if (value != null) {
            facts.put(name, value.toString());
        }
    }

    private static void require(boolean holds, String sentence) {
        if (!holds) {
            throw new UserError(sentence);
        }
    }
}
