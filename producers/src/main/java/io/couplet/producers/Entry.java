package io.couplet.producers;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A record on its way; its mutable part is guarded by the publisher's lock. */
final class Entry {

    /** Rough cost in memory of a record beside its bytes. */
    private static final int OVERHEAD_BYTES = 200;

    final long sequence;
    final String topic;
    final String key;
    final byte[] value;
    final long timeMillis;
    final Tally tally;

    /** Where it lies on the disk; null while it is in memory only. */
    @Nullable
    SpoolSegment segment;

    /** Whether it is acknowledged or lost, so that nobody need care for it any more. */
    boolean settled;

    Entry(long sequence, String topic, String key, byte[] value, long timeMillis, Tally tally) {
        this.sequence = sequence;
        this.topic = topic;
        this.key = key;
        this.value = value;
        this.timeMillis = timeMillis;
        this.tally = tally;
    }

    int bytes() {
        return value.length + OVERHEAD_BYTES;
    }

    /** What Kafka's record adds to it, roughly. */
    int wireBytes() {
        return value.length + key.getBytes(StandardCharsets.UTF_8).length + 70;
    }
}
