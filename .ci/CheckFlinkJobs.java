import io.couplet.schemas.Topic;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.StepMetrics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * {@code CheckFlinkJobs.java topics BOOTSTRAP_SERVERS} creates the topics; {@code scores} sends 100 steps and an evaluation of one run and waits until both jobs
 * have scored them.
 */
final class CheckFlinkJobs {

    private static final int STEPS = 100;
    private static final String STUDY = "smoke-3fa2c1";
    private static final String RUN = STUDY + ".resnet.adamw.s1.a0b1c2";
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[1];
        if (arguments[0].equals("topics")) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
                TopicCreation.createMissing(admin, 1);
            }
            return;
        }
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int step = 1; step <= STEPS; step++) {
                send(producer, Topics.STEP_METRICS, step(step));
            }
            send(producer, Topics.EVALUATIONS, evaluation());
        }
        await(bootstrap, Topics.CONVERGENCE_SCORES, score -> score.getStepsSeen() == STEPS);
        await(bootstrap, Topics.STUDY_SCORES, score -> score.getCellsReporting() == 1);
    }

    private static <T extends SpecificRecord> void send(
            KafkaProducer<byte[], byte[]> producer, Topic<T> topic, T value) {
        producer.send(new ProducerRecord<>(
                topic.name(), RUN.getBytes(StandardCharsets.UTF_8), topic.wire().encode(value)));
    }

    private static <T extends SpecificRecord> void await(String bootstrap, Topic<T> topic, Predicate<T> wanted) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic.name()).stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (System.nanoTime() < deadline) {
                for (var record : consumer.poll(Duration.ofMillis(100))) {
                    if (wanted.test(topic.wire().decode(record.value()))) {
                        return;
                    }
                }
            }
        }
        throw new AssertionError("No such record in " + topic.name());
    }

    private static StepMetrics step(int step) {
        return StepMetrics.newBuilder()
                .setRunId(RUN)
                .setAttempt(1)
                .setStep(step)
                .setBudgetSteps(STEPS)
                .setWarmupSteps(5)
                .setEpoch(0)
                .setLoss(2 / Math.sqrt(step))
                .setLearningRate(0.1)
                .setGradientNorm(1)
                .setUpdateRatio(0.01f)
                .setBatchAccuracy(0.5f)
                .setSamplesPerSecond(100)
                .setTimeMillis(1_000L * step)
                .build();
    }

    private static Evaluation evaluation() {
        return Evaluation.newBuilder()
                .setRunId(RUN)
                .setStudyId(STUDY)
                .setAttempt(1)
                .setBackbone("resnet")
                .setOptimizer("adamw")
                .setSeed(1)
                .setHyperparameterPoint(0)
                .setStep(STEPS)
                .setBudgetSteps(STEPS)
                .setRung(1)
                .setRungs(1)
                .setFraction(1)
                .setLoss(0.2)
                .setTop1(0.9)
                .setTop5(1)
                .setSamples(1_000)
                .setClasses(10)
                .setDeviceSeconds(1)
                .setTimeMillis(100_000)
                .build();
    }
}
