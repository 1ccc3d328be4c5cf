package io.couplet.producers.tail;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * JSON lines, one object a line: mmengine's {@code vis_data/scalars.json}, mmcv's and OpenMixup's {@code *.log.json}, W&amp;B's history as its API exports it, and whatever else writes
 * a step and numbers.
 *
 * <p>mmcv counts the iterations of each epoch anew and names a mode; the steps before an epoch are then {@code stepsPerEpoch} times the epochs before it, or, when
 * that is 0, the sum of the highest iterations that these logged.
 */
final class JsonLines extends TextLines {

    private static final ObjectReader READER = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build()
            .reader();
    private static final String EPOCH = "epoch";
    private static final String ITERATION = "iter";
    private static final String VALIDATION = "val";

    private final long stepsPerEpoch;

    JsonLines(long stepsPerEpoch) {
        this.stepsPerEpoch = stepsPerEpoch;
    }

    /** Numbers and words of an object, with those of objects in it under {@code outer.inner}. */
    static void flatten(String name, JsonNode node, Map<String, Double> values, Map<String, String> facts) {
        if (node.isObject()) {
            node.properties()
                    .forEach(field -> flatten(
                            name.isEmpty() ? field.getKey() : name + "." + field.getKey(),
                            field.getValue(),
                            values,
                            facts));
        } else if (node.isNumber()) {
            values.put(name, node.doubleValue());
            facts.put(name, node.asText());
        } else if (node.isTextual()) {
            Double number = Numbers.parse(node.textValue());
            if (number != null && !Double.isFinite(number)) {
                values.put(name, number);
            }
            facts.put(name, node.textValue());
        }
    }

    /** One value of JSON; Python's NaN and Infinity are read too. */
    static JsonNode parse(String text) throws JsonProcessingException {
        return READER.readTree(text);
    }

    @Override
    Position line(Position beyond, String line, Finder found) {
        JsonNode node;
        try {
            node = parse(line);
        } catch (JsonProcessingException e) {
            found.malformed(beyond.lines(), "it is no JSON: " + e.getOriginalMessage());
            return beyond;
        }
        if (!node.isObject()) {
            found.malformed(beyond.lines(), "it is no JSON object");
            return beyond;
        }
        Map<String, Double> values = new LinkedHashMap<>();
        Map<String, String> facts = new LinkedHashMap<>();
        flatten("", node, values, facts);
        String mode = facts.get("mode");
        try {
            long millis = Numbers.millis(values);
            if (mode == null || !values.containsKey(EPOCH) || !values.containsKey(ITERATION)) {
                found.entry(new LogEntry(beyond.lines(), Numbers.step(values), values, facts, millis));
                return beyond;
            }
            Position counted = mode.equals(VALIDATION) ? beyond : counted(beyond, values);
            long step = mode.equals(VALIDATION) && stepsPerEpoch > 0
                    ? stepsPerEpoch * whole(values, EPOCH)
                    : counted.epochBase() + counted.iteration();
            Map<String, Double> named = new LinkedHashMap<>();
            values.forEach((name, value) -> named.put(name.contains("/") ? name : mode + "/" + name, value));
            named.put(EPOCH, whole(values, EPOCH) * 1.0);
            found.entry(new LogEntry(beyond.lines(), step, named, facts, millis));
            return counted;
        } catch (IllegalArgumentException e) {
            found.malformed(beyond.lines(), String.valueOf(e.getMessage()));
            return beyond;
        }
    }

    private Position counted(Position position, Map<String, Double> values) {
        long epoch = whole(values, EPOCH);
        long iteration = whole(values, ITERATION);
        long base = position.epochBase();
        if (stepsPerEpoch > 0) {
            base = stepsPerEpoch * Math.max(0, epoch - 1);
        } else if (position.epoch() != 0 && epoch > position.epoch()) {
            base += position.iteration();
        }
        return position.inEpoch(epoch, base, iteration);
    }

    private static long whole(Map<String, Double> values, String name) {
        return Numbers.whole(values.getOrDefault(name, 0.0), name);
    }
}
