package io.couplet.trainer.worker;

import io.couplet.schemas.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queue of run requests as one worker sees it: one request at a time, held as long as it takes. Used by one thread.
 *
 * <p>A share group locks a record for a bounded time; {@link #hold()} has to be called within every {@link #holdEvery()}.
 *
 * @see <a href="https://cwiki.apache.org/confluence/x/4hA0Dw">KIP-932: Queues for Kafka</a>
 */
final class RunQueue implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RunQueue.class);
    private static final Duration COMMIT = Duration.ofSeconds(10);
    private static final Duration DEFAULT_LOCK = Duration.ofSeconds(30);

    private final KafkaShareConsumer<String, byte[]> consumer;

    RunQueue(Map<String, Object> clientProperties, String shareGroup) {
        Map<String, Object> properties = new HashMap<>(clientProperties);
        properties.put("group.id", shareGroup);
        properties.put("share.acknowledgement.mode", "explicit");
        properties.put("share.acquire.mode", "record_limit");
        properties.put("max.poll.records", "1");
        this.consumer = new KafkaShareConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
        consumer.subscribe(List.of(Topics.RUN_REQUESTS.name()));
    }

    /** A new group begins with the oldest request, not with the next one; to be said before its first member joins. */
    static void beginWithOldest(Admin admin, String shareGroup) throws ExecutionException, InterruptedException {
        ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, shareGroup);
        AlterConfigOp earliest =
                new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(group, List.of(earliest))).all().get();
    }

    /** The next request, if one comes within the patience; it has to be settled before the next one is asked for. */
    Optional<ConsumerRecord<String, byte[]>> take(Duration patience) {
        ConsumerRecord<String, byte[]> taken = null;
        for (ConsumerRecord<String, byte[]> record : consumer.poll(patience)) {
            if (taken == null) {
                taken = record;
            } else {
                consumer.acknowledge(record, AcknowledgeType.RELEASE);
            }
        }
        return Optional.ofNullable(taken);
    }

    /** How often a request that is held has to be held anew: a third of the lock. */
    Duration holdEvery() {
        return consumer.acquisitionLockTimeoutMs()
                .map(Duration::ofMillis)
                .orElse(DEFAULT_LOCK)
                .dividedBy(3);
    }

    /**
     * Holds a request for another lock's time.
     *
     * @return the request as it is to be settled from now on
     */
    ConsumerRecord<String, byte[]> hold(ConsumerRecord<String, byte[]> record) {
        consumer.acknowledge(record, AcknowledgeType.RENEW);
        commit();
        ConsumerRecord<String, byte[]> renewed = record;
        for (ConsumerRecord<String, byte[]> back : consumer.poll(Duration.ZERO)) {
            if (back.partition() == record.partition() && back.offset() == record.offset()) {
                renewed = back;
            } else {
                consumer.acknowledge(back, AcknowledgeType.RELEASE);
            }
        }
        return renewed;
    }

    /** Takes a request off the queue (ACCEPT), gives it back (RELEASE), or throws it out (REJECT). */
    void settle(ConsumerRecord<String, byte[]> record, AcknowledgeType how) {
        consumer.acknowledge(record, how);
        commit();
    }

    private void commit() {
        consumer.commitSync(COMMIT).forEach((partition, failure) -> failure.ifPresent(this::warn));
    }

    private void warn(KafkaException failure) {
        // The lock is lost: the request is somebody else's now, and the ledger will show their attempt.
        LOG.warn("A request could not be acknowledged: {}", failure.getMessage());
    }

    @Override
    public void close() {
        consumer.close(COMMIT);
    }
}
