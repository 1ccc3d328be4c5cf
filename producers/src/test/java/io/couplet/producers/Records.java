package io.couplet.producers;

import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.StepMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Step records to publish, and what a broker holds of them. */
final class Records {

    private Records() {}

    static StepMetrics step(String runId, int step) {
        return StepMetrics.newBuilder()
                .setRunId(runId)
                .setAttempt(1)
                .setStep(step)
                .setBudgetSteps(1_000_000)
                .setWarmupSteps(0)
                .setEpoch(0)
                .setLoss(1.0 / step)
                .setLearningRate(0.1)
                .setGradientNorm(1)
                .setUpdateRatio(0.001f)
                .setBatchAccuracy(0.5f)
                .setSamplesPerSecond(100)
                .setTimeMillis(step)
                .build();
    }

    static void publish(MetricPublisher publisher, String runId, int fromStep, int toStep) {
        for (int step = fromStep; step <= toStep; step++) {
            publisher.publish(Topics.STEP_METRICS, runId, step(runId, step));
        }
    }

    /** The steps in the broker by run, in the order of their offsets, read from the beginning to the end of now. */
    static Map<String, List<Integer>> stepsIn(String bootstrapServers) {
        Map<String, List<Integer>> steps = new HashMap<>();
        try (KafkaConsumer<String, StepMetrics> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrapServers, "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                Topics.STEP_METRICS.valueSerde(WireFormat.SINGLE_OBJECT).deserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(Topics.STEP_METRICS.name()).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<String, StepMetrics> record : consumer.poll(Duration.ofMillis(200))) {
                    steps.computeIfAbsent(record.key(), any -> new ArrayList<>())
                            .add(record.value().getStep());
                }
            }
        }
        return steps;
    }
}
