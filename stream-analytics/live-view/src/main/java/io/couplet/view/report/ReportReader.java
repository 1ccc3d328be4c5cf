package io.couplet.view.report;

import io.couplet.schemas.KafkaRefusal;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.WireFormat;
import io.couplet.view.LiveViewException;
import io.couplet.view.RecordIntake;
import io.couplet.view.model.ViewModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** Builds the model once, from everything that is in the topics now; it joins no group and commits nothing. */
public final class ReportReader {

    private static final Duration POLL = Duration.ofMillis(200);

    private ReportReader() {}

    /**
     * Reads all topics of the view to the ends they have now.
     *
     * @param clientProperties further settings for the Kafka client, taken as they are
     * @param patience how long to wait for the next records before giving up
     * @throws LiveViewException in one sentence with the fix, when Kafka is away or stops answering
     */
    public static ViewModel read(String bootstrapServers, Map<String, String> clientProperties, Duration patience) {
        return read(bootstrapServers, clientProperties, patience, RecordIntake.topics());
    }

    /**
     * Reads some topics to the ends they have now. A topic that does not exist reads as an empty one.
     *
     * @param clientProperties further settings for the Kafka client, taken as they are
     * @param patience how long to wait for the next records before giving up
     * @param topics which of those that the view reads
     * @throws LiveViewException in one sentence with the fix, when Kafka is away or stops answering
     */
    public static ViewModel read(
            String bootstrapServers, Map<String, String> clientProperties, Duration patience, List<String> topics) {
        ViewModel model = new ViewModel();
        RecordIntake intake = new RecordIntake(model, format(clientProperties));
        try {
            forEach(bootstrapServers, clientProperties, patience, topics, intake::accept);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return model;
    }

    /** Takes one record. */
    @FunctionalInterface
    public interface Taker {
        void take(String topic, int partition, long offset, byte @Nullable [] key, byte @Nullable [] value)
                throws IOException;
    }

    /**
     * Hands over all records that some topics hold now, each partition in its order.
     *
     * @param patience how long to wait for the next records before giving up
     * @throws LiveViewException in one sentence with the fix, when Kafka is away or stops answering
     */
    public static void forEach(
            String bootstrapServers,
            Map<String, String> clientProperties,
            Duration patience,
            List<String> topics,
            Taker taker)
            throws IOException {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(bootstrapServers, clientProperties, patience)) {
            List<TopicPartition> partitions = partitions(consumer, topics);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long silentSince = System.nanoTime();
            while (!reached(consumer, ends)) {
                int read = 0;
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    taker.take(record.topic(), record.partition(), record.offset(), record.key(), record.value());
                    read++;
                }
                if (read > 0) {
                    silentSince = System.nanoTime();
                } else if (System.nanoTime() - silentSince > patience.toNanos()) {
                    throw new LiveViewException("Kafka at " + bootstrapServers + " sent nothing for "
                            + patience.toSeconds() + " s: check that it runs, then ask again.");
                }
            }
        } catch (SchemaRegistryException e) {
            // Kafka is well: the registry is away, or was between two of the records.
            throw new LiveViewException(String.valueOf(e.getMessage()), e);
        } catch (KafkaException e) {
            throw new LiveViewException(
                    KafkaRefusal.sentence(bootstrapServers, e)
                            .orElse("Kafka at " + bootstrapServers + " cannot be read (" + e.getMessage()
                                    + "): check that it runs and that the address is right."),
                    e);
        }
    }

    private static KafkaConsumer<byte[], byte[]> consumer(
            String bootstrapServers, Map<String, String> clientProperties, Duration patience) {
        Map<String, Object> settings = new HashMap<>(clientProperties);
        settings.put("bootstrap.servers", bootstrapServers);
        settings.put("enable.auto.commit", false);
        settings.put("auto.offset.reset", "earliest");
        settings.put("allow.auto.create.topics", false);
        settings.put("max.poll.records", 5000);
        settings.put("default.api.timeout.ms", (int) Math.min(Integer.MAX_VALUE, patience.toMillis()));
        settings.put("request.timeout.ms", (int) Math.min(30_000, patience.toMillis()));
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static WireFormat format(Map<String, String> clientProperties) {
        try {
            return WireFormat.of(clientProperties);
        } catch (SchemaRegistryException e) {
            throw new LiveViewException(String.valueOf(e.getMessage()), e);
        }
    }

    private static List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer, List<String> topics) {
        Map<String, List<PartitionInfo>> existing = consumer.listTopics();
        return topics.stream()
                .flatMap(topic -> existing.getOrDefault(topic, List.of()).stream())
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
    }

    private static boolean reached(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
            if (consumer.position(end.getKey()) < end.getValue()) {
                return false;
            }
        }
        return true;
    }
}
