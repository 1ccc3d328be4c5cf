package io.couplet.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.RunId;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.StepMetrics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Trainers that train nothing: steps of many live runs at a steady rate, and their evaluations, from a JVM of their own, so that the memory and the processor time of
 * the jobs under test are the jobs' alone. {@code main(BOOTSTRAP_SERVERS, RUNS, STEPS_PER_SECOND, SECONDS, EVALUATIONS)}; ends with its parent.
 *
 * <p>All runs are live all the time: each takes a step in turn, and its budget is what it has taken at the end. They are the cells of studies of {@value #BACKBONES} backbones and
 * {@value #OPTIMIZERS} optimizers with one seed.
 */
final class SimulatedTrainers {

    private static final int BACKBONES = 20;
    private static final int OPTIMIZERS = 20;
    private static final long LONGEST_NAP_NANOS = 1_000_000;

    private SimulatedTrainers() {}

    static Process start(String bootstrapServers, int runs, int stepsPerSecond, int seconds, int evaluations, Path log)
            throws IOException {
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SimulatedTrainers.class.getName(),
                        bootstrapServers,
                        String.valueOf(runs),
                        String.valueOf(stepsPerSecond),
                        String.valueOf(seconds),
                        String.valueOf(evaluations)))
                .redirectError(log.toFile())
                .redirectOutput(log.toFile())
                .start();
    }

    public static void main(String[] arguments) {
        Thread parent = new Thread(SimulatedTrainers::endWithParent, "parent-watch");
        parent.setDaemon(true);
        parent.start();
        int runs = Integer.parseInt(arguments[1]);
        int stepsPerSecond = Integer.parseInt(arguments[2]);
        int budget = stepsOfARun(runs, stepsPerSecond, Integer.parseInt(arguments[3]));
        int evaluations = Integer.parseInt(arguments[4]);
        Map<String, Object> properties = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                arguments[0],
                ProducerConfig.LINGER_MS_CONFIG,
                5,
                ProducerConfig.BATCH_SIZE_CONFIG,
                128 << 10,
                ProducerConfig.COMPRESSION_TYPE_CONFIG,
                "lz4");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            String[] ids = new String[runs];
            for (int run = 0; run < runs; run++) {
                ids[run] = runId(run);
            }
            long begin = System.nanoTime();
            long total = (long) budget * runs;
            for (long i = 0; i < total; i++) {
                awaitTurn(begin + (long) (i * (1e9 / stepsPerSecond)));
                int run = (int) (i % runs);
                int step = (int) (i / runs) + 1;
                StepMetrics metrics = BenchSteps.of(run, step, budget);
                metrics.setRunId(ids[run]);
                send(producer, Topics.STEP_METRICS, ids[run], metrics);
                int rung = rungAt(run, step, budget, evaluations);
                if (rung > 0) {
                    send(producer, Topics.EVALUATIONS, ids[run], evaluation(run, ids[run], rung, evaluations, budget));
                }
            }
        }
    }

    /** So many steps each run takes in all. */
    static int stepsOfARun(int runs, int stepsPerSecond, int seconds) {
        return (int) Math.max(1, (long) stepsPerSecond * seconds / runs);
    }

    private static void awaitTurn(long at) {
        for (long wait = at - System.nanoTime(); wait > 0; wait = at - System.nanoTime()) {
            LockSupport.parkNanos(Math.min(LONGEST_NAP_NANOS, wait));
        }
    }

    /** The rung whose evaluation follows this step; 0 for none. Runs come to their rungs one after another, as real ones do, the last at the end of the budget. */
    private static int rungAt(int run, int step, int budget, int evaluations) {
        for (int rung = 1; rung <= evaluations; rung++) {
            int spread = rung == evaluations ? 0 : run % Math.max(1, budget / (2 * evaluations));
            if (step == (int) ((long) budget * rung / evaluations) - spread) {
                return rung;
            }
        }
        return 0;
    }

    private static <T extends SpecificRecord> void send(
            KafkaProducer<byte[], byte[]> producer, Topic<T> topic, String runId, T record) {
        producer.send(new ProducerRecord<>(
                topic.name(), runId.getBytes(UTF_8), topic.wire().encode(record)));
    }

    private static String runId(int run) {
        int cell = run % (BACKBONES * OPTIMIZERS);
        return new RunId(studyId(run), backbone(cell), optimizer(cell), 0, "a0b1c2").toString();
    }

    private static String studyId(int run) {
        return String.format("scale-%06x", run / (BACKBONES * OPTIMIZERS));
    }

    private static String backbone(int cell) {
        return "backbone-" + cell % BACKBONES;
    }

    private static String optimizer(int cell) {
        return "optimizer-" + cell / BACKBONES;
    }

    private static Evaluation evaluation(int run, String runId, int rung, int rungs, int budget) {
        int cell = run % (BACKBONES * OPTIMIZERS);
        double fraction = (double) rung / rungs;
        return Evaluation.newBuilder()
                .setRunId(runId)
                .setStudyId(studyId(run))
                .setAttempt(1)
                .setBackbone(backbone(cell))
                .setOptimizer(optimizer(cell))
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setStep(Math.max(1, (int) (budget * fraction)))
                .setBudgetSteps(budget)
                .setRung(rung)
                .setRungs(rungs)
                .setFraction(fraction)
                .setLoss(2 - fraction)
                .setTop1((0.3 + 0.4 * Math.abs(Math.sin(run))) * fraction)
                .setTop5(0.9)
                .setSamples(1_000)
                .setClasses(10)
                .setDeviceSeconds(60 * fraction)
                .setTimeMillis(System.currentTimeMillis())
                .build();
    }

    private static void endWithParent() {
        try {
            while (System.in.read() >= 0) {
                continue;
            }
        } catch (IOException e) {
            System.err.println("Lost the parent: " + e);
        }
        Runtime.getRuntime().halt(1);
    }
}
