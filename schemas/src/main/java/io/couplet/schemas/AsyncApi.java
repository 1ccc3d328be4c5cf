package io.couplet.schemas;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * AsyncAPI 3.0 of the topics, read off the table of {@link Topics} and the Avro schemas of their values: a topic or a field that is added is described as soon as it
 * is there.
 *
 * @see <a href="https://www.asyncapi.com/docs/reference/specification/v3.0.0">AsyncAPI 3.0.0</a>
 */
public final class AsyncApi {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String AVRO = "application/vnd.apache.avro;version=1.12.0";
    private static final String KAFKA_BINDING = "0.5.0";
    /** What others than Couplet may write too. */
    private static final List<Topic<?>> TAKEN_FROM_OTHERS = List.of(Topics.RUN_REQUESTS, Topics.RUN_COMMANDS);

    private AsyncApi() {}

    /** The description as JSON for people's eyes. */
    public static String json() {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(document());
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The description. */
    static Map<String, Object> document() {
        Map<String, Object> channels = new LinkedHashMap<>();
        Map<String, Object> operations = new LinkedHashMap<>();
        Map<String, Object> messages = new LinkedHashMap<>();
        Map<String, Object> schemas = new LinkedHashMap<>();
        for (Topic<?> topic : Topics.all()) {
            String name = topic.wire().schema().getName();
            String channel = channel(topic.name());
            schemas.put(name, schema(topic));
            messages.put(name, message(topic));
            channels.put(
                    channel,
                    channel(topic.name(), topic.wire().schema().getDoc(), name, topic.partitions(), topic.settings()));
            operations.put("send-" + channel, operation("send", channel, name));
            if (TAKEN_FROM_OTHERS.contains(topic)) {
                operations.put("receive-" + channel, operation("receive", channel, name));
            }
        }
        String deadLetters = channel(Topics.DEAD_LETTERS);
        messages.put("DeadLetter", deadLetter());
        channels.put(
                deadLetters,
                channel(
                        Topics.DEAD_LETTERS,
                        "Records that nobody could read, byte for byte, with their cause and origin in headers.",
                        "DeadLetter",
                        Topics.DEAD_LETTERS_PARTITIONS,
                        Topic.settings(Topics.DEAD_LETTERS_RETENTION, false)));
        operations.put("send-" + deadLetters, operation("send", deadLetters, "DeadLetter"));
        return ordered(
                "asyncapi",
                "3.0.0",
                "info",
                ordered(
                        "title",
                        "Couplet topics",
                        "version",
                        "1.0.0",
                        "description",
                        "Everything Couplet says, in Kafka. Without a schema registry a value is Avro's single-object"
                                + " encoding (2 marker bytes, the 8-byte fingerprint of the schema, the record), with one"
                                + " the Confluent wire format (a zero byte, a 4-byte id, the record). Keys are UTF-8 text."
                                + " Fields may be added; none changes its meaning.",
                        "license",
                        ordered("name", "Apache-2.0")),
                "defaultContentType",
                "application/vnd.apache.avro",
                "channels",
                channels,
                "operations",
                operations,
                "components",
                ordered("messages", messages, "schemas", schemas));
    }

    private static String channel(String topic) {
        return topic.replaceFirst("^couplet\\.", "").replaceFirst("\\.v\\d+$", "");
    }

    private static Map<String, Object> channel(
            String topic, String description, String message, int partitions, Map<String, String> settings) {
        return ordered(
                "address",
                topic,
                "description",
                description,
                "messages",
                ordered(message, reference("#/components/messages/" + message)),
                "bindings",
                ordered(
                        "kafka",
                        ordered(
                                "topic",
                                topic,
                                "partitions",
                                partitions,
                                "topicConfiguration",
                                configuration(settings),
                                "bindingVersion",
                                KAFKA_BINDING)));
    }

    private static Map<String, Object> configuration(Map<String, String> settings) {
        return ordered(
                "cleanup.policy",
                List.of(String.valueOf(settings.get("cleanup.policy")).split(",")),
                "retention.ms",
                Long.parseLong(String.valueOf(settings.get("retention.ms"))));
    }

    private static Map<String, Object> message(Topic<?> topic) {
        String name = topic.wire().schema().getName();
        String kept = topic.retention().equals(Duration.ZERO)
                ? "The newest of each key is kept."
                : "Kept for " + topic.retention().toDays() + " days"
                        + (topic.compacted() ? ", the newest of each key." : ".");
        return ordered(
                "name",
                name,
                "title",
                name,
                "summary",
                topic.wire().schema().getDoc(),
                "description",
                kept,
                "contentType",
                "application/vnd.apache.avro",
                "payload",
                reference("#/components/schemas/" + name),
                "bindings",
                kafkaKey(topic.key()));
    }

    private static Map<String, Object> kafkaKey(String key) {
        return ordered(
                "kafka",
                ordered("key", ordered("type", "string", "description", key), "bindingVersion", KAFKA_BINDING));
    }

    private static Map<String, Object> schema(Topic<?> topic) {
        try {
            return ordered(
                    "schemaFormat",
                    AVRO,
                    "schema",
                    JSON.readValue(topic.wire().schema().toString(), Map.class));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Object> deadLetter() {
        Map<String, Object> headers = new LinkedHashMap<>();
        headers.put(DeadLetter.CAUSE, text("One sentence: why it could not be read."));
        headers.put(DeadLetter.TOPIC, text("Topic it came from."));
        headers.put(DeadLetter.PARTITION, text("Partition it came from, decimal."));
        headers.put(DeadLetter.OFFSET, text("Offset it had, decimal."));
        headers.put(DeadLetter.SERVICE, text("Which service gave up on it."));
        return ordered(
                "name",
                "DeadLetter",
                "title",
                "DeadLetter",
                "summary",
                "The original's bytes.",
                "contentType",
                "application/octet-stream",
                "headers",
                ordered("type", "object", "properties", headers, "required", new ArrayList<>(headers.keySet())),
                "bindings",
                kafkaKey("the original's"));
    }

    private static Map<String, Object> text(String description) {
        return ordered("type", "string", "description", description);
    }

    private static Map<String, Object> operation(String action, String channel, String message) {
        return ordered(
                "action",
                action,
                "channel",
                reference("#/channels/" + channel),
                "messages",
                List.of(reference("#/channels/" + channel + "/messages/" + message)));
    }

    private static Map<String, Object> reference(String to) {
        return ordered("$ref", to);
    }

    private static Map<String, Object> ordered(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }
}
