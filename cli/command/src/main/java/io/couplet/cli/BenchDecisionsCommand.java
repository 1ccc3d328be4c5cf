package io.couplet.cli;

import io.couplet.cli.local.BrokerProcess;
import io.couplet.cli.local.UserError;
import io.couplet.schemas.Topic;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.stopper.EarlyStopper;
import io.couplet.stopper.EarlyStopperSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code couplet bench decisions}: how long it takes from an evaluation to the order that rests on it, and from there until its trainer's answer can be read, while
 * so many runs of one study train. The stopper and the broker are real; the trainers only report and obey, at once, as one does whose step has just ended. Two such
 * studies follow each other: the first meets a stopper that has just started.
 */
@Command(
        name = "decisions",
        mixinStandardHelpOptions = true,
        description =
                "Milliseconds from an evaluation to the order to stop that rests on it, and to its trainer's answer.")
final class BenchDecisionsCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final Duration QUIET = Duration.ofSeconds(2);

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Live runs of one study (default: ${DEFAULT-VALUE}).")
    int runs;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "50",
            description = "Evaluations a second (default: ${DEFAULT-VALUE}).")
    int rate;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        if (runs < 2 * BenchStudy.COHORT || rate < 1) {
            throw new UserError("--runs must be at least " + 2 * BenchStudy.COHORT + " and --rate at least 1.");
        }
        List<BenchFigure> figures;
        try (ScratchDirectory scratch = ScratchDirectory.create("couplet-bench")) {
            Logs.toFile(scratch.path().resolve("couplet.log"));
            try (BrokerProcess broker = BrokerProcess.start(scratch.path().resolve("kafka"), 0)) {
                String bootstrap = broker.bootstrapServers();
                try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
                    TopicCreation.createMissing(admin, 1);
                }
                EarlyStopperSettings settings = EarlyStopperSettings.of(
                        bootstrap, Map.of(), scratch.path().resolve("stopper"));
                figures = new ArrayList<>();
                try (EarlyStopper stopper = new EarlyStopper(settings).start()) {
                    figures.addAll(measure(stopper, bootstrap, "first-3fa2c1", "just started, "));
                    figures.addAll(measure(stopper, bootstrap, "second-3fa2c1", ""));
                }
            }
        }
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("runs", runs);
        said.put("rate", rate);
        if (json) {
            BenchFigure.printJson(
                    spec.commandLine().getOut(), "Couplet " + BuildInfo.read().version(), said, figures);
        } else {
            BenchFigure.printTable(spec.commandLine().getOut(), figures);
        }
        return 0;
    }

    private List<BenchFigure> measure(EarlyStopper stopper, String bootstrap, String studyId, String prefix)
            throws InterruptedException {
        try (Trainers trainers = new Trainers(bootstrap, studyId)) {
            measure(stopper, trainers, new BenchStudy(studyId, runs));
            return trainers.figures(prefix);
        }
    }

    private void measure(EarlyStopper stopper, Trainers trainers, BenchStudy study) {
        long before = stopper.counts().recordsRead();
        long sent = before;
        for (BenchStudy.Run run : study.all()) {
            trainers.send(Topics.RUN_REQUESTS, run.id(), study.request(run));
            sent++;
        }
        trainers.flush();
        await(() -> stopper.counts().recordsRead() >= before + runs, "the requests");
        for (BenchStudy.Run run : study.anchors()) {
            for (int rung = 1; rung <= BenchStudy.RUNGS; rung++) {
                trainers.send(Topics.EVALUATIONS, run.id(), study.evaluation(run, rung));
                sent++;
            }
            trainers.send(Topics.RUN_EVENTS, run.id(), study.completed(run));
            sent++;
        }
        for (BenchStudy.Run run : study.live()) {
            trainers.send(Topics.RUN_EVENTS, run.id(), study.started(run));
            sent++;
        }
        trainers.flush();
        long all = sent;
        await(() -> stopper.counts().recordsRead() >= all, "the anchors");
        spec.commandLine()
                .getErr()
                .printf("%,d runs train, %d a second report%n", study.live().size(), rate);
        report(study, trainers);
        awaitQuiet(trainers);
    }

    /** All live runs report the first rung, in an order of chance, then those that are left the second, and so on to the third. */
    private void report(BenchStudy study, Trainers trainers) {
        List<BenchStudy.Run> order = new ArrayList<>(study.live());
        Collections.shuffle(order, new Random(1));
        long next = System.nanoTime();
        for (int rung = 1; rung <= 3; rung++) {
            for (BenchStudy.Run run : order) {
                if (trainers.isOrdered(run.id())) {
                    continue;
                }
                next += 1_000_000_000L / rate;
                while (System.nanoTime() < next) {
                    LockSupport.parkNanos(Math.min(1_000_000, next - System.nanoTime()));
                }
                trainers.evaluate(run.id(), study.evaluation(run, rung));
            }
        }
    }

    private static void await(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        "The early stopper did not read " + what + " within " + PATIENCE.toSeconds() + " seconds.");
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    /** Until every order is answered and none has come for a while. */
    private static void awaitQuiet(Trainers trainers) {
        long since = System.nanoTime();
        int ordered = trainers.ordered();
        long deadline = since + PATIENCE.toNanos();
        while (System.nanoTime() - since < QUIET.toNanos() || trainers.answered() < trainers.ordered()) {
            if (trainers.ordered() != ordered) {
                ordered = trainers.ordered();
                since = System.nanoTime();
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("Not every order was answered within two minutes.");
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    /** All simulated trainers: what they have sent and when, which orders they have read, and when their answers could be read. */
    private static final class Trainers implements AutoCloseable {

        private final String bootstrap;
        private final String studyId;
        private final KafkaProducer<String, byte[]> producer;
        private final AtomicBoolean ending = new AtomicBoolean();
        private final List<Thread> threads = new ArrayList<>();
        private final Map<String, Long> sentNanos = new ConcurrentHashMap<>();
        private final Map<String, Long> orderedNanos = new ConcurrentHashMap<>();
        private final Map<String, Long> answeredNanos = new ConcurrentHashMap<>();
        private final Map<String, RunCommand> orders = new ConcurrentHashMap<>();

        Trainers(String bootstrap, String studyId) {
            this.bootstrap = bootstrap;
            this.studyId = studyId;
            producer = new KafkaProducer<>(
                    Map.of("bootstrap.servers", bootstrap, "acks", "all", "linger.ms", 0),
                    new StringSerializer(),
                    new ByteArraySerializer());
            follow(Topics.RUN_COMMANDS, this::obey);
            follow(Topics.RUN_EVENTS, this::read);
        }

        <T extends SpecificRecord> void send(Topic<T> topic, String runId, T record) {
            producer.send(new ProducerRecord<>(topic.name(), runId, topic.wire().encode(record)));
        }

        void flush() {
            producer.flush();
        }

        void evaluate(String runId, io.couplet.schemas.avro.Evaluation evaluation) {
            long now = System.nanoTime();
            producer.send(
                    new ProducerRecord<>(
                            Topics.EVALUATIONS.name(),
                            runId,
                            Topics.EVALUATIONS.wire().encode(evaluation)),
                    (metadata, failure) -> {
                        if (metadata != null && failure == null) {
                            sentNanos.put(key(metadata.topic() + '-' + metadata.partition(), metadata.offset()), now);
                        }
                    });
        }

        private static String key(String topicPartition, long offset) {
            return topicPartition + '@' + offset;
        }

        boolean isOrdered(String runId) {
            return orders.containsKey(runId);
        }

        int ordered() {
            return orders.size();
        }

        int answered() {
            return answeredNanos.size();
        }

        private void obey(RunCommand order) {
            long now = System.nanoTime();
            if (order.getKind() == RunCommandKind.STOP
                    && order.getStudyId().equals(studyId)
                    && orders.putIfAbsent(order.getRunId(), order) == null) {
                orderedNanos.put(order.getRunId(), now);
                send(Topics.RUN_EVENTS, order.getRunId(), BenchStudy.stopped(order));
            }
        }

        private void read(RunEvent event) {
            if (event.getCommandId() != null && event.getStudyId().equals(studyId)) {
                answeredNanos.putIfAbsent(event.getRunId(), System.nanoTime());
            }
        }

        private <T extends SpecificRecord> void follow(Topic<T> topic, Consumer<T> sink) {
            KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                    Map.of("bootstrap.servers", bootstrap), new ByteArrayDeserializer(), new ByteArrayDeserializer());
            List<TopicPartition> partitions = consumer.partitionsFor(topic.name()).stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Thread thread = new Thread(
                    () -> {
                        try (consumer) {
                            while (!ending.get()) {
                                consumer.poll(Duration.ofMillis(100))
                                        .forEach(record ->
                                                sink.accept(topic.wire().decode(record.value())));
                            }
                        }
                    },
                    "bench-" + topic.name());
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }

        /** When the evaluation was sent on which an order rests: the newest of those it names. */
        private long causeNanos(RunCommand order) {
            return order.getInputOffsets().entrySet().stream()
                    .mapToLong(each -> sentNanos.getOrDefault(key(each.getKey(), each.getValue()), Long.MIN_VALUE))
                    .max()
                    .orElse(Long.MIN_VALUE);
        }

        List<BenchFigure> figures(String prefix) {
            List<Double> toOrder = new ArrayList<>();
            List<Double> toAnswer = new ArrayList<>();
            List<Double> whole = new ArrayList<>();
            orders.forEach((runId, order) -> {
                long cause = causeNanos(order);
                Long ordered = orderedNanos.get(runId);
                Long answered = answeredNanos.get(runId);
                if (cause != Long.MIN_VALUE && ordered != null && answered != null) {
                    toOrder.add((ordered - cause) / 1e6);
                    toAnswer.add((answered - ordered) / 1e6);
                    whole.add((answered - cause) / 1e6);
                }
            });
            if (whole.isEmpty()) {
                throw new IllegalStateException("No run was ordered to stop: give more --runs.");
            }
            return List.of(
                    new BenchFigure(prefix + "orders", whole.size(), "runs"),
                    new BenchFigure(prefix + "evaluation to order p50", quantile(toOrder, 0.5), "ms"),
                    new BenchFigure(prefix + "evaluation to order p99", quantile(toOrder, 0.99), "ms"),
                    new BenchFigure(prefix + "order to answer p50", quantile(toAnswer, 0.5), "ms"),
                    new BenchFigure(prefix + "order to answer p99", quantile(toAnswer, 0.99), "ms"),
                    new BenchFigure(prefix + "evaluation to answer p50", quantile(whole, 0.5), "ms"),
                    new BenchFigure(prefix + "evaluation to answer p99", quantile(whole, 0.99), "ms"),
                    new BenchFigure(prefix + "evaluation to answer, longest", Collections.max(whole), "ms"));
        }

        private static double quantile(List<Double> values, double share) {
            List<Double> sorted = values.stream().sorted().toList();
            return sorted.get((int) Math.round(share * (sorted.size() - 1)));
        }

        @Override
        public void close() throws InterruptedException {
            ending.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            producer.close();
        }
    }
}
