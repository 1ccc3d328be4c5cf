package io.couplet.producers.tail;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a log says at one place.
 *
 * @param place line, or byte of a binary log, from 1
 * @param step the step it is about, as the log counts; null when it names none
 * @param values numbers by the log's names; NaN and infinities as they are
 * @param facts words by the log's names, such as a backbone
 * @param millis when it was written, milliseconds since the epoch; 0 when the log does not say
 */
record LogEntry(long place, @Nullable Long step, Map<String, Double> values, Map<String, String> facts, long millis) {

    /** Both as one, about the step of this one; what is newer wins. */
    LogEntry plus(LogEntry newer) {
        Map<String, Double> both = new LinkedHashMap<>(values);
        both.putAll(newer.values);
        Map<String, String> words = new LinkedHashMap<>(facts);
        words.putAll(newer.facts);
        return new LogEntry(place, step, both, words, Math.max(millis, newer.millis));
    }
}
