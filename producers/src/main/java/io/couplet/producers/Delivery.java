package io.couplet.producers;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The publisher's thread: hands records to the producer, and to the spool while Kafka does not take them. It alone
 * touches the spool's files, and alone replaces a producer that has failed for good.
 */
final class Delivery implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);
    private static final long REBUILD_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final int SAVE_BYTES = Spool.SEGMENT_BYTES;
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    private final Backlog backlog;
    private final Spool spool;
    private final Supplier<Producer<String, byte[]>> producers;
    private @Nullable Producer<String, byte[]> producer;
    private boolean wasAway;
    private boolean wasRefused;

    Delivery(
            Backlog backlog,
            Spool spool,
            Supplier<Producer<String, byte[]>> producers,
            @Nullable Producer<String, byte[]> first) {
        this.backlog = backlog;
        this.spool = spool;
        this.producers = producers;
        this.producer = first;
    }

    @Override
    public void run() {
        try {
            while (!backlog.stopping()) {
                backlog.awaitWork();
                step();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Error e) { // MetricPublisher.hasEnded tells it
            LOG.error("Publishing ends: nothing more is sent, what is not in Kafka goes to the spool", e);
        } finally {
            end();
        }
    }

    private void step() {
        try {
            replaceBrokenProducer();
            save();
            handOver();
            spool.remove(backlog.takeFinished(spool));
            tellChanges();
        } catch (RuntimeException e) { // the edge of the loop: this thread must outlive whatever one round meets
            LOG.error("Publishing goes on after an unexpected failure", e);
            backlog.retryLater(REBUILD_NANOS);
        }
    }

    private void replaceBrokenProducer() {
        Exception cause = backlog.brokenBy();
        if (cause != null) {
            LOG.error(
                    "Kafka does not take records, they wait and are sent again: {}",
                    String.valueOf(cause.getMessage()));
            closeProducer(Duration.ZERO); // answers all that is with it
            backlog.mended();
            backlog.retryLater(REBUILD_NANOS);
        }
        if (producer == null && backlog.retryIsDue() && !backlog.stopping()) {
            try {
                producer = producers.get();
            } catch (KafkaException e) {
                LOG.warn("No connection to Kafka can be made, records wait: {}", String.valueOf(e.getMessage()));
                backlog.retryLater(REBUILD_NANOS);
            }
        }
    }

    private void handOver() {
        Producer<String, byte[]> open = producer;
        while (open != null) {
            switch (backlog.nextSource()) {
                case NOWHERE -> {
                    return;
                }
                case MEMORY -> {
                    Entry entry = backlog.takeFromMemory();
                    if (entry != null) {
                        send(open, entry);
                    }
                }
                case SPOOL -> {
                    Spool.Spooled spooled = spool.next();
                    if (spooled == null) {
                        backlog.spoolIsRead();
                    } else {
                        Entry entry = backlog.takeFromSpool(spooled);
                        if (entry != null) {
                            send(open, entry);
                        }
                    }
                }
            }
        }
    }

    private void send(Producer<String, byte[]> open, Entry entry) {
        try {
            open.send(
                    new ProducerRecord<>(entry.topic, null, entry.timeMillis, entry.key, entry.value),
                    (metadata, failure) -> answered(entry, failure));
        } catch (InterruptException e) {
            backlog.giveBack(entry, e);
            Thread.currentThread().interrupt();
        } catch (KafkaException | IllegalStateException e) {
            answered(entry, e);
        }
    }

    private void answered(Entry entry, @Nullable Exception failure) {
        if (failure == null) {
            backlog.acknowledge(entry);
        } else if (isTheRecordsOwnFault(failure)) {
            backlog.lose(entry);
            LOG.error("LOST: Kafka refuses a record of {} for {}", entry.key, entry.topic, failure);
        } else {
            backlog.giveBack(entry, failure);
        }
    }

    private static boolean isTheRecordsOwnFault(Exception failure) {
        return failure instanceof RecordTooLargeException
                || failure instanceof RecordBatchTooLargeException
                || failure instanceof InvalidRecordException
                || failure instanceof InvalidTimestampException
                || failure instanceof InvalidTopicException
                || failure instanceof SerializationException;
    }

    private void save() {
        while (true) {
            List<Entry> batch = backlog.toSave(SAVE_BYTES);
            if (batch.isEmpty()) {
                return;
            }
            try {
                backlog.saved(batch, spool.append(batch));
                if (wasRefused) {
                    LOG.info("The spool can be written again");
                    wasRefused = false;
                }
            } catch (IOException e) {
                if (!wasRefused) {
                    LOG.error(
                            "The spool cannot be written, records wait in memory as long as there is room: {}",
                            e.toString());
                    wasRefused = true;
                }
                backlog.diskRefused();
                return;
            }
        }
    }

    private void tellChanges() {
        boolean away = backlog.away();
        if (away && !wasAway) {
            LOG.warn("Kafka does not answer: records go to the spool until it does");
        } else if (!away && wasAway) {
            LOG.info("Kafka answers again: {} records from the spool are sent now", backlog.spoolUnread());
        }
        wasAway = away;
    }

    private void end() {
        backlog.stop();
        try {
            save();
            closeProducer(backlog.settled() ? LAST_WORDS : Duration.ZERO);
            spool.remove(backlog.takeFinished(spool));
            spool.close();
        } catch (IOException | RuntimeException e) {
            LOG.error("The publisher did not end cleanly", e);
        } finally {
            long lost = backlog.end();
            if (lost > 0) {
                LOG.error("LOST: {} records, Kafka was away and the spool could not be written", lost);
            }
        }
    }

    private void closeProducer(Duration within) {
        Producer<String, byte[]> open = producer;
        producer = null;
        if (open != null) {
            try {
                open.close(within);
            } catch (KafkaException e) {
                LOG.warn("The producer did not close cleanly: {}", String.valueOf(e.getMessage()));
            }
        }
    }
}
