package io.couplet.schemas;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/**
 * One topic: its name, what its keys and values are, and how it is kept. Keys are UTF-8 strings.
 *
 * @param name full name, e.g. {@code couplet.step-metrics.v1}
 * @param wire the values' byte format
 * @param key what a key is, in words
 * @param partitions partitions it is created with, unless asked otherwise
 * @param ofRuns whether it tells of runs: all such topics have the same number of partitions, so that they can be joined
 * @param retention how long records are kept; zero for ever
 * @param compacted whether only the newest value of a key is kept
 * @param <T> the values
 */
public record Topic<T extends SpecificRecord>(
        String name, Wire<T> wire, String key, int partitions, boolean ofRuns, Duration retention, boolean compacted) {

    /** Serde of the keys. */
    public Serde<String> keySerde() {
        return Serdes.String();
    }

    /** Serde of the values. */
    public Serde<T> valueSerde(WireFormat format) {
        return new WireSerde<>(this, format);
    }

    /** The topic's settings as the broker wants them. */
    Map<String, String> settings() {
        return settings(retention, compacted);
    }

    static Map<String, String> settings(Duration retention, boolean compacted) {
        Map<String, String> settings = new LinkedHashMap<>();
        boolean deleted = !retention.isZero();
        settings.put("cleanup.policy", compacted ? (deleted ? "compact,delete" : "compact") : "delete");
        settings.put("retention.ms", deleted ? Long.toString(retention.toMillis()) : "-1");
        // A trainer whose clock is ahead must not lose its records: a broker by default refuses those of more than an
        // hour from now.
        settings.put("message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE));
        return settings;
    }
}
