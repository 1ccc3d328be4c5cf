package io.couplet.producers;

import io.couplet.schemas.Topic;
import io.couplet.schemas.WireFormat;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads topics from their beginning to where they end now. */
final class TopicScan {

    private static final Logger LOG = LoggerFactory.getLogger(TopicScan.class);

    private final Consumer<byte[], byte[]> consumer;
    private final WireFormat format;
    private final Duration patience;
    private long unreadable;

    TopicScan(Consumer<byte[], byte[]> consumer, WireFormat format, Duration patience) {
        this.consumer = consumer;
        this.format = format;
        this.patience = patience;
    }

    /** Records that nobody could read, so far. */
    long unreadable() {
        return unreadable;
    }

    /**
     * Hands over every record with one of the keys, those of one key in the order they were sent.
     *
     * @throws UnknownTopicOrPartitionException when the topic does not exist
     * @throws TimeoutException when Kafka does not answer
     */
    <T extends SpecificRecord> void read(
            Topic<T> topic, java.util.function.Consumer<? super T> each, Set<String> keys) {
        List<PartitionInfo> infos = consumer.partitionsFor(topic.name());
        if (infos == null || infos.isEmpty()) {
            throw new UnknownTopicOrPartitionException(topic.name());
        }
        List<TopicPartition> partitions = infos.stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        long lastProgress = System.nanoTime();
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(200));
            for (ConsumerRecord<byte[], byte[]> record : records) {
                hand(topic, record, each, keys);
            }
            long now = System.nanoTime();
            if (!records.isEmpty()) {
                lastProgress = now;
            } else if (now - lastProgress > patience.toNanos()) {
                throw new TimeoutException("nothing more of " + topic.name() + " came");
            }
        }
    }

    private <T extends SpecificRecord> void hand(
            Topic<T> topic,
            ConsumerRecord<byte[], byte[]> record,
            java.util.function.Consumer<? super T> each,
            Set<String> keys) {
        if (record.key() == null || !keys.contains(new String(record.key(), StandardCharsets.UTF_8))) {
            return;
        }
        try {
            if (record.value() != null) {
                each.accept(format.decode(topic, record.value()));
            }
        } catch (SerializationException e) {
            unreadable++;
            LOG.warn(
                    "Offset {} of {}-{} is left out: {}",
                    record.offset(),
                    record.topic(),
                    record.partition(),
                    e.getMessage());
        }
    }
}
