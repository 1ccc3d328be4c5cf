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
 *
 * <p>After a broker was cut off and came back, Kafka's share consumer has been seen to poll for ever without sending a fetch (docs/containers.md). So a consumer that
 * polls for {@link #SILENCE} without one answered fetch is closed, and another one takes its place.
 */
final class RequestQueue implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RequestQueue.class);
    private static final Duration COMMIT = Duration.ofSeconds(10);
    /** Polling without an answer: a fetch of an empty queue is answered twice a second. */
    private static final Duration SILENCE = Duration.ofSeconds(30);

    private final Map<String, Object> properties;
    private final Duration silence;
    private volatile KafkaShareConsumer<byte[], byte[]> consumer;
    private @Nullable ConsumerRecord<byte[], byte[]> held;
    private Duration unanswered = Duration.ZERO;
    private double answers;
    private int timesAskedAnew;

    RequestQueue(Map<String, Object> clientProperties, String group) {
        this(clientProperties, group, SILENCE);
    }

    RequestQueue(Map<String, Object> clientProperties, String group, Duration silence) {
        this.silence = silence;
        properties = new HashMap<>(clientProperties);
        properties.put("group.id", group);
        properties.put("share.acknowledgement.mode", "explicit");
        properties.put("share.acquire.mode", "record_limit");
        properties.put("max.poll.records", 1);
        consumer = subscribed();
    }

    private KafkaShareConsumer<byte[], byte[]> subscribed() {
        KafkaShareConsumer<byte[], byte[]> made =
                new KafkaShareConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        made.subscribe(List.of(Topics.RUN_REQUESTS.name()));
        return made;
    }

    /** The next request, which is then held until it is accepted, released or rejected. */
    Optional<ConsumerRecord<byte[], byte[]>> take(Duration patience) {
        if (unanswered.compareTo(silence) > 0) {
            LOG.warn("the queue of requests has not answered for {} s; it is asked anew", unanswered.toSeconds());
            consumer.close(Duration.ZERO);
            consumer = subscribed();
            timesAskedAnew++;
            unanswered = Duration.ZERO;
            answers = 0;
        }
        long began = System.nanoTime();
        try {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(patience)) {
                hold(record);
            }
        } finally {
            unanswered = held != null || isAnswered() ? Duration.ZERO : unanswered.plusNanos(System.nanoTime() - began);
        }
        return Optional.ofNullable(held);
    }

    boolean hasAnswered() {
        return answers > 0;
    }

    int timesAskedAnew() {
        return timesAskedAnew;
    }

    /** Whether Kafka has answered a fetch, were it with nothing, since this was last asked. */
    private boolean isAnswered() {
        double before = answers;
        answers = consumer.metrics().values().stream()
                .filter(metric -> metric.metricName().name().equals("fetch-total")
                        && metric.metricName().group().equals("consumer-share-fetch-manager-metrics"))
                .mapToDouble(metric -> metric.metricValue() instanceof Double count ? count : 0)
                .sum();
        return answers != before;
    }

    private void hold(ConsumerRecord<byte[], byte[]> record) {
        if (held == null) {
            held = record;
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
            consumer.acknowledge(record, AcknowledgeType.RENEW);
            if (!committed()) {
                held = null;
                return false;
            }
            held = null;
            for (int i = 0; i < 20 && held == null; i++) {
                takeBack(record);
            }
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
