package io.couplet.cli.curves;

import io.couplet.cli.local.UserError;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.Evaluation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The curves of a study from the evaluations that Kafka still has: one row a rung, of the newest attempt that reached it. */
public final class StudyCurves {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(200);

    private final WireFormat format;
    private final Map<String, TreeMap<Integer, Evaluation>> runs = new TreeMap<>();
    private final TreeSet<String> studies = new TreeSet<>();
    private long unreadable;

    private StudyCurves(WireFormat format) {
        this.format = format;
    }

    /**
     * The study as curves with the metrics top1 and loss, in the order of the runs' ids; the points of a hyper-parameter grid are optimizers of their own, as for the
     * stopper.
     *
     * @param rungs receives the shares of the budget at which it was evaluated, but the last
     * @throws UserError when there is no such study, or Kafka does not answer
     */
    public static CurvesFile read(Map<String, ?> clientProperties, String studyId, List<Double> rungs) {
        StudyCurves curves = new StudyCurves(WireFormat.of(clientProperties));
        curves.scan(clientProperties, studyId);
        if (curves.runs.isEmpty()) {
            throw new UserError("There are no evaluations of a study " + studyId + ": "
                    + (curves.studies.isEmpty()
                            ? "there is none of any."
                            : "there are " + String.join(", ", curves.studies) + "."));
        }
        return curves.file(studyId, rungs);
    }

    private void scan(Map<String, ?> clientProperties, String studyId) {
        Map<String, Object> properties = new HashMap<>(clientProperties);
        properties.put("enable.auto.commit", false);
        properties.put("auto.offset.reset", "earliest");
        properties.put("default.api.timeout.ms", Math.toIntExact(PATIENCE.toMillis()));
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(Topics.EVALUATIONS.name()).stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long silentSince = System.nanoTime();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                int read = 0;
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    take(record.value(), studyId);
                    read++;
                }
                if (read > 0) {
                    silentSince = System.nanoTime();
                } else if (System.nanoTime() - silentSince > PATIENCE.toNanos()) {
                    throw new UserError("Kafka sent nothing for " + PATIENCE.toSeconds()
                            + " s: check that it runs, then ask again.");
                }
            }
        } catch (KafkaException e) {
            throw new UserError(
                    "The evaluations cannot be read (" + e.getMessage()
                            + "): check that Kafka runs, and --bootstrap-servers and --kafka-config.",
                    e);
        }
    }

    private void take(byte[] value, String studyId) {
        if (value == null) {
            return;
        }
        Evaluation evaluation;
        try {
            evaluation = format.decode(Topics.EVALUATIONS, value);
        } catch (SerializationException e) {
            unreadable++;
            return;
        }
        studies.add(evaluation.getStudyId());
        if (evaluation.getStudyId().equals(studyId)) {
            runs.computeIfAbsent(evaluation.getRunId(), each -> new TreeMap<>())
                    .merge(
                            evaluation.getRung(),
                            evaluation,
                            (known, other) -> other.getAttempt() >= known.getAttempt() ? other : known);
        }
    }

    private CurvesFile file(String studyId, List<Double> rungs) {
        TreeSet<Double> fractions = new TreeSet<>();
        List<CurvesFile.Run> read = new ArrayList<>();
        runs.forEach((runId, evaluations) -> {
            Evaluation first = evaluations.firstEntry().getValue();
            List<CurvesFile.Row> rows = new ArrayList<>();
            evaluations.values().forEach(each -> {
                rows.add(new CurvesFile.Row(
                        rows.size() + 1, each.getStep(), List.of(each.getTop1(), (double) each.getLoss())));
                fractions.add(each.getFraction());
            });
            int point = first.getHyperparameterPoint();
            read.add(new CurvesFile.Run(
                    runId,
                    first.getBackbone(),
                    point == 0 ? first.getOptimizer() : first.getOptimizer() + '#' + point,
                    String.valueOf(first.getSeed()),
                    first.getBudgetSteps(),
                    rows));
        });
        fractions.stream().filter(each -> each < 1).forEach(rungs::add);
        String name = unreadable == 0
                ? "study " + studyId
                : "study " + studyId + " (" + unreadable + " records that nobody can read left out)";
        return new CurvesFile(name, List.of("top1", "loss"), List.copyOf(read));
    }
}
