package io.couplet.cli;

import io.couplet.cli.local.BrokerProcess;
import io.couplet.cli.local.UserError;
import io.couplet.flink.AnalyticsCluster;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code couplet bench scale}: thousands of live runs stream steps at a steady rate into a broker, both Flink jobs score them, and rate, lag, latency and memory are
 * written down as time passes. Broker, jobs and simulated trainers are a JVM each on this machine.
 */
@Command(
        name = "scale",
        mixinStandardHelpOptions = true,
        description = "Simulated trainers at speed: achieved rate, lag, score latency and memory over time.")
final class BenchScaleCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "5000",
            description = "Live runs (default: ${DEFAULT-VALUE}).")
    int runs;

    @Option(
            names = "--steps-per-second",
            paramLabel = "N",
            defaultValue = "50000",
            description = "Steps a second of all runs together (default: ${DEFAULT-VALUE}).")
    int stepsPerSecond;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "120",
            description = "How long (default: ${DEFAULT-VALUE}).")
    int seconds;

    @Option(
            names = "--evaluations",
            paramLabel = "N",
            defaultValue = "2",
            description = "Evaluations of each run, 0 for none (default: ${DEFAULT-VALUE}).")
    int evaluations;

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            defaultValue = "1",
            description = "Subtasks of each job (default: ${DEFAULT-VALUE}).")
    int parallelism;

    @Option(
            names = "--every",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "Seconds between two samples (default: ${DEFAULT-VALUE}).")
    int every;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        if (runs < 1 || seconds < 1 || parallelism < 1 || every < 1 || evaluations < 0) {
            throw new UserError("--runs, --seconds, --parallelism and --every must be at least 1, --evaluations 0.");
        }
        if (stepsPerSecond < 1 || (long) stepsPerSecond * seconds < runs) {
            throw new UserError("--steps-per-second must let each of --runs take a step within --seconds.");
        }
        try (ScratchDirectory scratch = ScratchDirectory.create("couplet-bench")) {
            Logs.toFile(scratch.path().resolve("couplet.log"));
            try (BrokerProcess broker = BrokerProcess.start(scratch.path().resolve("kafka"), 0);
                    Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                TopicCreation.createMissing(admin, 1);
                measure(broker, admin, scratch.path());
            }
        }
        return 0;
    }

    private void measure(BrokerProcess broker, Admin admin, Path scratch)
            throws IOException, InterruptedException, ExecutionException {
        PrintWriter talk = spec.commandLine().getErr();
        Path checkpoints = scratch.resolve("checkpoints");
        List<ScaleSample> samples = new ArrayList<>();
        double drainSeconds;
        double liveHeap;
        try (AnalyticsCluster cluster =
                AnalyticsCluster.start(broker.bootstrapServers(), Map.of(), checkpoints, parallelism)) {
            Path log = scratch.resolve("trainers.log");
            long begin = System.nanoTime();
            Process trainers =
                    SimulatedTrainers.start(broker.bootstrapServers(), runs, stepsPerSecond, seconds, evaluations, log);
            try {
                talk.println(ScaleSample.HEADER);
                drainSeconds = sample(broker, admin, cluster, trainers, begin, samples);
                if (trainers.exitValue() != 0) {
                    throw new IllegalStateException("The simulated trainers ended with exit code "
                            + trainers.exitValue() + ": " + Files.readString(log));
                }
            } finally {
                trainers.destroyForcibly();
            }
            System.gc();
            liveHeap = ScaleSample.usedHeapMebibytes();
        }
        print(samples, figures(samples, scratch, checkpoints, drainSeconds, liveHeap));
    }

    /** Samples until the trainers have ended and all their steps are folded; returns how many seconds the latter took. */
    private double sample(
            BrokerProcess broker,
            Admin admin,
            AnalyticsCluster cluster,
            Process trainers,
            long begin,
            List<ScaleSample> samples)
            throws IOException, InterruptedException, ExecutionException {
        ProcessHandle brokerProcess = ProcessHandle.of(broker.pid()).orElseThrow();
        ScaleSample last = ScaleSample.NOTHING;
        ScaleSample.Used used = ScaleSample.Used.now(0, brokerProcess, trainers.toHandle());
        double endedAt = Double.NaN;
        while (true) {
            boolean ended = trainers.waitFor(Double.isNaN(endedAt) ? every * 1_000L : 0, TimeUnit.MILLISECONDS);
            double now = (System.nanoTime() - begin) / 1e9;
            if (ended && Double.isNaN(endedAt)) {
                endedAt = now;
            }
            ScaleSample.Used usedNow = ScaleSample.Used.now(now, brokerProcess, trainers.toHandle());
            ScaleSample sample = ScaleSample.take(stepsHeld(admin), last, used, usedNow, broker.pid());
            boolean done = ended && sample.notFolded() == 0;
            if (done || now - last.seconds() >= every) {
                samples.add(sample);
                spec.commandLine().getErr().println(sample.line());
                last = sample;
                used = usedNow;
            }
            if (done) {
                return now - endedAt;
            }
            if (cluster.failure().isDone() || ended && now - endedAt > PATIENCE.toSeconds()) {
                throw new IllegalStateException("The convergence job folded " + sample.folded() + " of "
                        + sample.produced() + " steps and then failed or took longer than " + PATIENCE.toMinutes()
                        + " minutes.");
            }
            if (ended) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
    }

    /** Steps that the broker holds, as it says itself. */
    private static long stepsHeld(Admin admin) throws InterruptedException, ExecutionException {
        Map<TopicPartition, OffsetSpec> partitions = new HashMap<>();
        for (int partition = 0; partition < Topics.STEP_METRICS.partitions(); partition++) {
            partitions.put(new TopicPartition(Topics.STEP_METRICS.name(), partition), OffsetSpec.latest());
        }
        return admin.listOffsets(partitions).all().get().values().stream()
                .mapToLong(ListOffsetsResultInfo::offset)
                .sum();
    }

    private List<BenchFigure> figures(
            List<ScaleSample> samples, Path scratch, Path checkpoints, double drainSeconds, double liveHeap)
            throws IOException {
        ScaleSample end = samples.get(samples.size() - 1);
        // What is steady: without the first sample (start and compilation) and the last (the drain).
        List<ScaleSample> steady =
                samples.size() > 3 ? samples.subList(1, samples.size() - 2) : List.of(samples.get(0));
        double steps = steady.stream()
                .mapToDouble(ScaleSample::producedPerSecond)
                .average()
                .orElse(Double.NaN);
        return List.of(
                new BenchFigure("steps produced", end.produced(), "steps"),
                new BenchFigure("steps folded", end.folded(), "steps"),
                new BenchFigure("produced, steady", steps, "steps/s"),
                new BenchFigure("produced, steady", steps / stepsPerSecond, "ratio", "what was asked for"),
                new BenchFigure("folded, steady", mean(steady, ScaleSample::foldedPerSecond), "steps/s"),
                new BenchFigure("not folded, most", most(steady, ScaleSample::notFolded), "steps"),
                new BenchFigure("unread by the jobs, most", most(steady, ScaleSample::unread), "records"),
                new BenchFigure("all folded after the last step", drainSeconds, "s"),
                new BenchFigure(
                        "step to score p50, median of samples", median(steady, ScaleSample::latencyP50Millis), "ms"),
                new BenchFigure(
                        "step to score p99, median of samples", median(steady, ScaleSample::latencyP99Millis), "ms"),
                new BenchFigure("step to score p99, worst sample", most(steady, ScaleSample::latencyP99Millis), "ms"),
                new BenchFigure("broker, resident, most", most(samples, ScaleSample::brokerMebibytes), "MiB"),
                new BenchFigure("jobs, resident, most", most(samples, ScaleSample::jobsMebibytes), "MiB"),
                new BenchFigure("jobs, live heap at the end", liveHeap, "MiB"),
                new BenchFigure("jobs, live heap at the end a run", liveHeap * (1 << 20) / runs, "bytes"),
                new BenchFigure(
                        "broker, processor time a step",
                        1e6 * mean(steady, ScaleSample::brokerProcessors) / steps,
                        "µs"),
                new BenchFigure(
                        "jobs, processor time a step", 1e6 * mean(steady, ScaleSample::jobsProcessors) / steps, "µs"),
                new BenchFigure(
                        "trainers, processor time a step",
                        1e6 * mean(steady, ScaleSample::trainersProcessors) / steps,
                        "µs"),
                new BenchFigure(
                        "step-metrics on disk a step", bytesOf(scratch, "step-metrics") / end.produced(), "bytes"),
                new BenchFigure("all scores on disk a step", bytesOf(scratch, "-scores") / end.produced(), "bytes"),
                new BenchFigure(
                        "checkpoint of the convergence job a run",
                        (double) BenchAnalyticsCommand.newestCheckpointBytes(checkpoints) / runs,
                        "bytes"));
    }

    /** Bytes of the log segments of topics whose name holds {@code part}; compaction may have taken some of them already. */
    private static double bytesOf(Path scratch, String part) throws IOException {
        try (Stream<Path> files = Files.walk(scratch.resolve("kafka"))) {
            return files.filter(file ->
                            file.toString().endsWith(".log") && file.toString().contains(part))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    private static double mean(List<ScaleSample> samples, ToDoubleFunction<ScaleSample> of) {
        return samples.stream().mapToDouble(of).average().orElse(Double.NaN);
    }

    private static double most(List<ScaleSample> samples, ToDoubleFunction<ScaleSample> of) {
        return samples.stream().mapToDouble(of).max().orElse(Double.NaN);
    }

    private static double median(List<ScaleSample> samples, ToDoubleFunction<ScaleSample> of) {
        double[] sorted = samples.stream().mapToDouble(of).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private void print(List<ScaleSample> samples, List<BenchFigure> figures) throws IOException {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("runs", runs);
        settings.put("stepsPerSecond", stepsPerSecond);
        settings.put("seconds", seconds);
        settings.put("evaluations", evaluations);
        settings.put("parallelism", parallelism);
        settings.put("partitions", Topics.STEP_METRICS.partitions());
        settings.put("processors", Runtime.getRuntime().availableProcessors());
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            String what = "Couplet " + BuildInfo.read().version();
            BenchFigure.printJson(out, what, settings, figures, Map.of("samples", samples));
        } else {
            BenchFigure.printTable(out, figures);
        }
    }
}
