package io.couplet.trainer.worker;

import io.couplet.schemas.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The run requests as a queue: a share group (KIP-932) of which each member holds one request at a time. Belongs to one thread; only {@link #wakeUp} may come from
 * another.
 */
final class RequestQueue implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RequestQueue.class);
    private static final Duration COMMIT = Duration.ofSeconds(10);

    private final KafkaShareConsumer<byte[], byte[]> consumer;
    private @Nullable ConsumerRecord<byte[], byte[]> held;
    private long heldSince;

    RequestQueue(Map<String, Object> clientProperties, String group) {
        Map<String, Object> properties = new HashMap<>(clientProperties);
        properties.put("group.id", group);
        properties.put("share.acknowledgement.mode", "explicit");
        properties.put("share.acquire.mode", "record_limit");
        properties.put("max.poll.records", 1);
        consumer = new KafkaShareConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.subscribe(List.of(Topics.RUN_REQUESTS.name()));
    }

    /** The next request, which is then held until it is accepted, released or rejected. */
    Optional<ConsumerRecord<byte[], byte[]>> take(Duration patience) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(patience)) {
            hold(record);
        }
        return Optional.ofNullable(held);
    }

    /** When the held request was taken or renewed last, by {@link System#nanoTime}. */
    long heldSince() {
        return heldSince;
    }

    private void hold(ConsumerRecord<byte[], byte[]> record) {
        if (held == null) {
            held = record;
            heldSince = System.nanoTime();
        } else if (record.partition() != held.partition() || record.offset() != held.offset()) {
            // Never seen with a record limit of one; whoever else comes along goes back.
            consumer.acknowledge(record, AcknowledgeType.RELEASE);
        }
    }

    /**
     * Keeps the held request for another lock's time: a renewed record comes back from the next poll and is then held anew.
     *
     * @return false when the lock is lost, so that the request may be with another trainer by now
     */
    boolean renew() {
        ConsumerRecord<byte[], byte[]> record = held;
        if (record == null) {
            return false;
        }
        try {
            long asked = System.nanoTime();
            consumer.acknowledge(record, AcknowledgeType.RENEW);
            if (!committed()) {
                held = null;
                return false;
            }
            held = null;
            for (int i = 0; i < 20 && held == null; i++) {
                takeBack(record);
            }
            heldSince = asked;
        } catch (KafkaException | IllegalStateException e) {
            LOG.warn("the lock on a request could not be renewed: {}", e.getMessage());
            held = null;
        }
        return held != null;
    }

    private void takeBack(ConsumerRecord<byte[], byte[]> record) {
        try {
            for (ConsumerRecord<byte[], byte[]> renewed : consumer.poll(Duration.ofMillis(100))) {
                if (renewed.partition() == record.partition() && renewed.offset() == record.offset()) {
                    held = renewed;
                } else {
                    consumer.acknowledge(renewed, AcknowledgeType.RELEASE);
                }
            }
        } catch (WakeupException e) {
            LOG.debug("woken up while a request was renewed"); // whoever woke it looks at its own flag
        }
    }

    /** Done with it: nobody gets it again. */
    void accept() {
        finish(AcknowledgeType.ACCEPT);
    }

    /** Somebody else shall do it. */
    void release() {
        finish(AcknowledgeType.RELEASE);
    }

    /** Nobody can read it. */
    void reject() {
        finish(AcknowledgeType.REJECT);
    }

    private void finish(AcknowledgeType type) {
        ConsumerRecord<byte[], byte[]> record = held;
        held = null;
        if (record == null) {
            return;
        }
        try {
            consumer.acknowledge(record, type);
            committed();
        } catch (KafkaException | IllegalStateException e) {
            LOG.warn("a request could not be acknowledged ({}): {}", type, e.getMessage());
        }
    }

    private boolean committed() {
        boolean all = true;
        for (Optional<KafkaException> failure : commit().values()) {
            if (failure.isPresent()) {
                all = false;
                LOG.warn(
                        "Kafka did not take an acknowledgement: {}",
                        failure.get().getMessage());
            }
        }
        return all;
    }

    /** A wake-up ends the wait for the answer and not the acknowledgement, which is on its way; what is not, goes with the second call. */
    private Map<TopicIdPartition, Optional<KafkaException>> commit() {
        try {
            return consumer.commitSync(COMMIT);
        } catch (WakeupException e) {
            return consumer.commitSync(COMMIT);
        }
    }

    void wakeUp() {
        consumer.wakeup();
    }

    @Override
    public void close() {
        consumer.close(COMMIT);
    }
}
