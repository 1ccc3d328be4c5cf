package io.couplet.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.management.OperatingSystemMXBean;
import io.couplet.cli.local.BrokerProcess;
import io.couplet.cli.local.UserError;
import io.couplet.flink.AnalyticsCluster;
import io.couplet.flink.JobMetrics;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.Wire;
import io.couplet.schemas.avro.StepMetrics;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code couplet bench analytics}: how many steps a second the convergence job takes from Kafka, beside a bare consumer of the same records and one that decodes
 * them with Avro. The steps of all runs alternate, which is the worst for batching by run.
 */
@Command(
        name = "analytics",
        mixinStandardHelpOptions = true,
        description = {
            "Steps a second: (a) a bare Kafka consumer, (b) one that decodes with Avro, (c) the convergence job",
            "with its scores written back to Kafka, for several numbers of runs. (a) and (b) are one thread each."
        })
final class BenchAnalyticsCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    /** The job is timed from this share of the records on: what comes before is start-up and compilation. */
    private static final double FROM = 0.1;

    private static final String STEPS_A_SECOND = "steps/s";

    @Option(
            names = "--records",
            paramLabel = "N",
            defaultValue = "3000000",
            description = "Steps for each number of runs (default: ${DEFAULT-VALUE}).")
    int records;

    @Option(
            names = "--runs",
            paramLabel = "R,…",
            split = ",",
            defaultValue = "200,10000,100000",
            description = "Numbers of runs (default: ${DEFAULT-VALUE}).")
    int[] runs = {};

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            defaultValue = "1",
            description = "Subtasks of the job (default: ${DEFAULT-VALUE}).")
    int parallelism;

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "3",
            description = "Rounds of a, b and c; the median is given, the first is for warming up"
                    + " (default: ${DEFAULT-VALUE}).")
    int repeats;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        if (records < 10_000
                || repeats < 2
                || parallelism < 1
                || Arrays.stream(runs).anyMatch(r -> r < 1 || r > records)) {
            throw new UserError("--records must be at least 10000, --repeats at least 2, --parallelism at least 1,"
                    + " and each of --runs between 1 and --records.");
        }
        PrintWriter talk = spec.commandLine().getErr();
        List<BenchFigure> figures = new ArrayList<>();
        for (int many : runs) {
            talk.printf("%,d runs, %,d steps%n", many, records);
            try (ScratchDirectory scratch = quiet();
                    BrokerProcess broker = BrokerProcess.start(scratch.path().resolve("kafka"), 0)) {
                figures.addAll(measure(broker.bootstrapServers(), scratch.path(), many, talk));
            }
        }
        List<BenchFigure> jobs = figures.stream()
                .filter(figure -> figure.name().startsWith("convergence job")
                        && figure.unit().equals(STEPS_A_SECOND))
                .toList();
        for (BenchFigure other : jobs.subList(1, jobs.size())) {
            figures.add(new BenchFigure(
                    other.name(),
                    other.value() / jobs.get(0).value(),
                    "ratio",
                    jobs.get(0).name()));
        }
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("records", records);
        settings.put("parallelism", parallelism);
        settings.put("repeats", repeats);
        settings.put("processors", Runtime.getRuntime().availableProcessors());
        if (json) {
            BenchFigure.printJson(
                    spec.commandLine().getOut(), "Couplet " + BuildInfo.read().version(), settings, figures);
        } else {
            BenchFigure.printTable(spec.commandLine().getOut(), figures);
        }
        return 0;
    }

    /** A directory for all that is measured, the log among it. */
    private static ScratchDirectory quiet() {
        ScratchDirectory scratch = ScratchDirectory.create("couplet-bench");
        Logs.toFile(scratch.path().resolve("couplet.log"));
        return scratch;
    }

    private List<BenchFigure> measure(String bootstrapServers, Path scratch, int many, PrintWriter talk)
            throws InterruptedException, ExecutionException, IOException {
        fill(bootstrapServers, many);
        Rate[] bare = new Rate[repeats];
        Rate[] decoded = new Rate[repeats];
        Rate[] job = new Rate[repeats];
        double stateBytes = 0;
        Wire<StepMetrics> wire = Topics.STEP_METRICS.wire();
        for (int round = 0; round < repeats; round++) {
            bare[round] = consume(bootstrapServers, record -> record.value().length);
            decoded[round] = consume(
                    bootstrapServers, record -> wire.decode(record.value()).getStep());
            Path checkpoints = scratch.resolve("checkpoints-" + round);
            job[round] = score(bootstrapServers, checkpoints);
            stateBytes = (double) newestCheckpointBytes(checkpoints) / many;
            talk.printf(
                    "  a %,.0f  b %,.0f  c %,.0f steps/s%n",
                    bare[round].perSecond(), decoded[round].perSecond(), job[round].perSecond());
        }
        String a = "raw consumer, " + many + " runs";
        String b = "Avro decoder, " + many + " runs";
        String c = "convergence job, " + many + " runs";
        double rawRate = median(bare, Rate::perSecond);
        double avroRate = median(decoded, Rate::perSecond);
        double jobRate = median(job, Rate::perSecond);
        double avroCpu = median(decoded, Rate::cpuMicros);
        double jobCpu = median(job, Rate::cpuMicros);
        return List.of(
                new BenchFigure(a, rawRate, STEPS_A_SECOND),
                new BenchFigure(b, avroRate, STEPS_A_SECOND),
                new BenchFigure(c, jobRate, STEPS_A_SECOND),
                new BenchFigure(c, jobRate / rawRate, "ratio", a),
                new BenchFigure(c, jobRate / avroRate, "ratio", b),
                new BenchFigure(b + ", processor time", avroCpu, "µs/step"),
                new BenchFigure(c + ", processor time", jobCpu, "µs/step"),
                new BenchFigure(c + ", processor time", jobCpu / avroCpu, "ratio", b),
                new BenchFigure(c + ", state", stateBytes, "bytes/run"));
    }

    /**
     * @param perSecond steps a second
     * @param cpuMicros processor time of this process a step, microseconds: what remains comparable on a busy machine
     */
    private record Rate(double perSecond, double cpuMicros) {}

    /** Measures from its making on. */
    private static final class Stopwatch {
        private final long nanos = System.nanoTime();
        private final long cpuNanos = cpuNanos();

        Rate rate(long steps) {
            double seconds = Math.max(1, System.nanoTime() - nanos) / 1e9;
            return new Rate(steps / seconds, (cpuNanos() - cpuNanos) / 1e3 / steps);
        }

        private static long cpuNanos() {
            return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean process
                    ? process.getProcessCpuTime()
                    : 0;
        }
    }

    /** The median of all rounds but the first. */
    private static double median(Rate[] rounds, ToDoubleFunction<Rate> of) {
        double[] warm = Arrays.stream(rounds).skip(1).mapToDouble(of).sorted().toArray();
        int middle = warm.length / 2;
        return warm.length % 2 == 1 ? warm[middle] : (warm[middle - 1] + warm[middle]) / 2;
    }

    private void fill(String bootstrapServers, int many) throws InterruptedException, ExecutionException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            TopicCreation.createMissing(admin, 1);
        }
        Map<String, Object> properties = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.LINGER_MS_CONFIG,
                20,
                ProducerConfig.BATCH_SIZE_CONFIG,
                256 << 10,
                ProducerConfig.COMPRESSION_TYPE_CONFIG,
                "lz4");
        int budget = Math.max(20, records / many);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < records; i++) {
                StepMetrics metrics = BenchSteps.of(i % many, i / many + 1, budget);
                producer.send(new ProducerRecord<>(
                        Topics.STEP_METRICS.name(),
                        metrics.getRunId().getBytes(UTF_8),
                        Topics.STEP_METRICS.wire().encode(metrics)));
            }
        }
    }

    /** Records a second of one consumer that does something with each. */
    private Rate consume(String bootstrapServers, ToLongFunction<ConsumerRecord<byte[], byte[]>> use) {
        Map<String, Object> properties = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                5_000);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(Topics.STEP_METRICS.name()).stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long used = 0;
            int seen = 0;
            int before = 0;
            Stopwatch watch = null;
            while (seen < records) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    used += use.applyAsLong(record);
                    seen++;
                }
                if (watch == null && seen >= FROM * records) {
                    watch = new Stopwatch();
                    before = seen;
                }
            }
            if (used == 0 || watch == null) {
                throw new IllegalStateException("nothing was read");
            }
            return watch.rate(seen - before);
        }
    }

    /** Steps a second of the convergence job, from a share of the records on until the last one is folded. */
    private Rate score(String bootstrapServers, Path checkpoints) throws InterruptedException {
        try (AnalyticsCluster cluster = AnalyticsCluster.start(bootstrapServers, Map.of(), checkpoints, parallelism)) {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            long before = 0;
            Stopwatch watch = null;
            while (true) {
                long folded = JobMetrics.count("stepsFolded");
                if (watch == null && folded >= FROM * records) {
                    before = folded;
                    watch = new Stopwatch();
                }
                if (watch != null && folded >= records) {
                    return watch.rate(folded - before);
                }
                if (cluster.failure().isDone() || System.nanoTime() > deadline) {
                    throw new IllegalStateException("The convergence job folded " + folded + " of " + records
                            + " steps and then failed or took longer than " + PATIENCE.toMinutes() + " minutes.");
                }
                TimeUnit.MILLISECONDS.sleep(2);
            }
        }
    }

    /** Size of the convergence job's last checkpoint. */
    static long newestCheckpointBytes(Path checkpoints) throws IOException {
        try (Stream<Path> files = Files.walk(checkpoints)) {
            List<Path> checkpointFiles = files.filter(Files::isRegularFile)
                    .filter(file -> file.toString().contains("convergence"))
                    .toList();
            Path newest = checkpointFiles.stream()
                    .max((one, other) -> Long.compare(
                            one.toFile().lastModified(), other.toFile().lastModified()))
                    .orElseThrow(() -> new IllegalStateException("no checkpoint was written"))
                    .resolveSibling(".")
                    .normalize();
            long bytes = 0;
            for (Path file : checkpointFiles) {
                bytes += file.startsWith(newest) ? Files.size(file) : 0;
            }
            return bytes;
        }
    }
}
