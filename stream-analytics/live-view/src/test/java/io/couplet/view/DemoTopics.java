package io.couplet.view;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Made-up records as Kafka's producer takes them. */
public final class DemoTopics {

    private DemoTopics() {}

    /** A record under its key, encoded as its topic wants it. */
    public static ProducerRecord<byte[], byte[]> bytes(String topic, SpecificRecord record) {
        Topic<?> known = Topics.all().stream()
                .filter(each -> each.name().equals(topic))
                .findFirst()
                .orElseThrow();
        return new ProducerRecord<>(topic, DemoLog.keyOf(record).getBytes(UTF_8), encode(known, record));
    }

    @SuppressWarnings("unchecked") // Each topic's wire is that of its own records.
    private static byte[] encode(Topic<?> topic, SpecificRecord record) {
        return ((Topic<SpecificRecord>) topic).wire().encode(record);
    }
}
