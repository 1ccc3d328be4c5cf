package io.couplet.trainer.worker;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what a worker has to know of before it goes on, and past everything that may wait in the publisher's spool: a claim, a dead letter. Answers so soon that the request is still
 * held when the record has gone, or has not. Safe for use by several threads.
 */
final class PromptProducer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PromptProducer.class);
    private static final Map<String, Object> SOON =
            Map.of("max.block.ms", 5_000, "request.timeout.ms", 5_000, "delivery.timeout.ms", 6_000, "linger.ms", 0);

    private final KafkaProducer<byte[], byte[]> producer;

    PromptProducer(Map<String, Object> clientProperties) {
        Map<String, Object> properties = new HashMap<>(clientProperties);
        properties.putAll(SOON);
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Whether Kafka has it; without an answer in time it may have it all the same. */
    boolean send(ProducerRecord<byte[], byte[]> record) throws InterruptedException {
        try {
            producer.send(record).get();
            return true;
        } catch (ExecutionException | KafkaException e) {
            LOG.warn("Kafka does not take a record of {}: {}", record.topic(), e.getMessage());
            return false;
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}
