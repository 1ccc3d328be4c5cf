package io.couplet.cli;

import io.couplet.cli.local.BrokerProcess;
import io.couplet.cli.local.UserError;
import io.couplet.flink.AnalyticsCluster;
import io.couplet.producers.MetricPublisher;
import io.couplet.producers.PublisherSettings;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topic;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.StudyScore;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code couplet bench latency}: how long after a step was handed to the publisher the convergence score that contains it can be read, for every step; and how
 * long after an evaluation the study score that contains it, for every evaluation.
 */
@Command(
        name = "latency",
        mixinStandardHelpOptions = true,
        description = "Milliseconds from a step to a score that contains it, and from an evaluation to a study score.")
final class BenchLatencyCommand implements Callable<Integer> {

    private static final int BACKBONES = 20;
    private static final int OPTIMIZERS = 20;
    private static final String STUDY = "bench-3fa2c1";
    private static final Duration WARM_UP = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Option(
            names = "--rates",
            paramLabel = "N,…",
            split = ",",
            defaultValue = "2000,5000",
            description = "Steps a second (default: ${DEFAULT-VALUE}).")
    int[] rates = {};

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "200",
            description = "Live runs (default: ${DEFAULT-VALUE}).")
    int runs;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "20",
            description = "Measured at each rate, after ten seconds of warming up (default: ${DEFAULT-VALUE}).")
    int seconds;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        if (runs < 1 || seconds < 1 || Arrays.stream(rates).anyMatch(rate -> rate < 1)) {
            throw new UserError("--rates, --runs and --seconds must be at least 1.");
        }
        PrintWriter talk = spec.commandLine().getErr();
        List<BenchFigure> figures = new ArrayList<>();
        for (int rate : rates) {
            talk.printf("%,d steps/s of %,d runs%n", rate, runs);
            figures.addAll(measure(rate));
        }
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("runs", runs);
        settings.put("seconds", seconds);
        if (json) {
            BenchFigure.printJson(
                    spec.commandLine().getOut(), "Couplet " + BuildInfo.read().version(), settings, figures);
        } else {
            BenchFigure.printTable(spec.commandLine().getOut(), figures);
        }
        return 0;
    }

    private List<BenchFigure> measure(int rate) throws IOException, InterruptedException, ExecutionException {
        try (ScratchDirectory scratch = ScratchDirectory.create("couplet-bench")) {
            Logs.toFile(scratch.path().resolve("couplet.log"));
            try (BrokerProcess broker = BrokerProcess.start(scratch.path().resolve("kafka"), 0)) {
                String bootstrap = broker.bootstrapServers();
                try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
                    TopicCreation.createMissing(admin, 1);
                }
                try (AnalyticsCluster cluster = AnalyticsCluster.start(
                                bootstrap, Map.of(), scratch.path().resolve("checkpoints"), 1);
                        MetricPublisher publisher = MetricPublisher.open(
                                PublisherSettings.of(
                                        bootstrap, Map.of(), scratch.path().resolve("spool")),
                                InstantSource.system())) {
                    return measure(rate, bootstrap, publisher);
                }
            }
        }
    }

    private List<BenchFigure> measure(int rate, String bootstrap, MetricPublisher publisher)
            throws InterruptedException {
        int steps = (int) Math.ceil((double) rate * (seconds + WARM_UP.toSeconds()) / runs);
        StepTimes stepTimes = new StepTimes(runs, steps);
        EvaluationTimes evaluationTimes = new EvaluationTimes();
        AtomicBoolean ending = new AtomicBoolean();
        Thread scores = reader(bootstrap, Topics.CONVERGENCE_SCORES, ending, stepTimes::read);
        Thread studies = reader(bootstrap, Topics.STUDY_SCORES, ending, evaluationTimes::read);
        long begin = System.nanoTime();
        long total = (long) steps * runs;
        int evaluationEvery = (int) Math.max(1, total / (BACKBONES * OPTIMIZERS));
        for (long i = 0; i < total; i++) {
            long at = begin + i * 1_000_000_000L / rate;
            while (System.nanoTime() < at) {
                LockSupport.parkNanos(Math.min(1_000_000, at - System.nanoTime()));
            }
            int run = (int) (i % runs);
            int step = (int) (i / runs) + 1;
            stepTimes.sent(run, step);
            publisher.publish(Topics.STEP_METRICS, BenchSteps.runId(run), BenchSteps.of(run, step, steps));
            if (i % evaluationEvery == 0 && evaluationTimes.sent < BACKBONES * OPTIMIZERS) {
                Evaluation evaluation = evaluation(evaluationTimes.send());
                publisher.publish(Topics.EVALUATIONS, evaluation.getRunId(), evaluation);
            }
        }
        publisher.flush(PATIENCE);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!(stepTimes.isComplete() && evaluationTimes.isComplete()) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(10_000_000);
        }
        ending.set(true);
        scores.join();
        studies.join();
        if (!stepTimes.isComplete() || !evaluationTimes.isComplete()) {
            throw new IllegalStateException(
                    "Not every step and evaluation was scored within a minute of the last one.");
        }
        int warm = (int) (WARM_UP.toSeconds() * steps / (seconds + WARM_UP.toSeconds()));
        double[] ofSteps = stepTimes.latenciesMillis(warm);
        double[] ofEvaluations = evaluationTimes.latenciesMillis(
                (int) (WARM_UP.toSeconds() * BACKBONES * OPTIMIZERS / (seconds + WARM_UP.toSeconds())));
        String suffix = ", " + rate + " steps/s";
        return List.of(
                new BenchFigure("step to convergence score p50" + suffix, quantile(ofSteps, 0.5), "ms"),
                new BenchFigure("step to convergence score p99" + suffix, quantile(ofSteps, 0.99), "ms"),
                new BenchFigure("evaluation to study score p50" + suffix, quantile(ofEvaluations, 0.5), "ms"),
                new BenchFigure("evaluation to study score p99" + suffix, quantile(ofEvaluations, 0.99), "ms"));
    }

    private static double quantile(double[] values, double share) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(int) Math.min(sorted.length - 1L, Math.round(share * (sorted.length - 1)))];
    }

    private static Evaluation evaluation(int number) {
        String backbone = "backbone-" + number % BACKBONES;
        String optimizer = "optimizer-" + number / BACKBONES;
        String runId = new RunId(STUDY, backbone, optimizer, 0, "a0b1c2").toString();
        return Evaluation.newBuilder()
                .setRunId(runId)
                .setStudyId(STUDY)
                .setAttempt(1)
                .setBackbone(backbone)
                .setOptimizer(optimizer)
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setStep(100)
                .setBudgetSteps(100)
                .setRung(1)
                .setRungs(1)
                .setFraction(1)
                .setLoss(1)
                .setTop1(0.3 + 0.4 * Math.abs(Math.sin(number)))
                .setTop5(0.9)
                .setSamples(1_000)
                .setClasses(10)
                .setDeviceSeconds(1)
                .setTimeMillis(System.currentTimeMillis())
                .build();
    }

    private static <T extends SpecificRecord> Thread reader(
            String bootstrap, Topic<T> topic, AtomicBoolean ending, Consumer<T> sink) {
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = consumer.partitionsFor(topic.name()).stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Thread thread = new Thread(
                () -> {
                    try (consumer) {
                        while (!ending.get()) {
                            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                                sink.accept(topic.wire().decode(record.value()));
                            }
                        }
                    }
                },
                "bench-" + topic.name());
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** When each step left and when a score that contains it was there. Each run's row is written by one thread at a time. */
    private static final class StepTimes {
        private final long[][] sentNanos;
        private final long[][] seenNanos;
        private final int[] seen;

        StepTimes(int runs, int steps) {
            sentNanos = new long[runs][steps + 1];
            seenNanos = new long[runs][steps + 1];
            seen = new int[runs];
        }

        synchronized void sent(int run, int step) {
            sentNanos[run][step] = System.nanoTime();
        }

        synchronized void read(ConvergenceScore score) {
            long now = System.nanoTime();
            int run = (int) RunId.parse(score.getRunId()).seed();
            while (seen[run] < score.getStep()) {
                seenNanos[run][++seen[run]] = now;
            }
        }

        synchronized boolean isComplete() {
            return Arrays.stream(seen).allMatch(step -> step == sentNanos[0].length - 1);
        }

        synchronized double[] latenciesMillis(int afterStep) {
            return IntStream.range(0, seen.length)
                    .boxed()
                    .flatMapToDouble(run -> IntStream.range(afterStep + 1, seenNanos[run].length)
                            .mapToDouble(step -> (seenNanos[run][step] - sentNanos[run][step]) / 1e6))
                    .toArray();
        }
    }

    /** When each evaluation left and when a study score that contains it was there. */
    private static final class EvaluationTimes {
        private final long[] sentNanos = new long[BACKBONES * OPTIMIZERS];
        private final long[] seenNanos = new long[BACKBONES * OPTIMIZERS];
        private int sent;
        private int seen;

        synchronized int send() {
            sentNanos[sent] = System.nanoTime();
            return sent++;
        }

        synchronized void read(StudyScore score) {
            long now = System.nanoTime();
            while (seen < score.getCellsReporting()) {
                seenNanos[seen++] = now;
            }
        }

        synchronized boolean isComplete() {
            return seen == sent;
        }

        synchronized double[] latenciesMillis(int from) {
            return IntStream.range(from, seen)
                    .mapToDouble(i -> (seenNanos[i] - sentNanos[i]) / 1e6)
                    .toArray();
        }
    }
}
