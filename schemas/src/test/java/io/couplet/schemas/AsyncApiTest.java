package io.couplet.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;

/** The description of the topics says what the code does. */
class AsyncApiTest {

    private final JsonNode document;

    AsyncApiTest() throws IOException {
        document = new ObjectMapper().readTree(AsyncApi.json());
    }

    @Test
    void everyTopicIsAChannelAsItIsCreated() {
        assertThat(document.path("asyncapi").asText()).isEqualTo("3.0.0");
        assertThat(document.path("channels").size()).isEqualTo(Topics.all().size() + 1);
        for (Topic<?> topic : Topics.all()) {
            JsonNode channel = channel(topic.name());
            JsonNode kafka = channel.path("bindings").path("kafka");
            assertThat(kafka.path("topic").asText()).isEqualTo(topic.name());
            assertThat(kafka.path("partitions").asInt()).isEqualTo(topic.partitions());
            JsonNode settings = kafka.path("topicConfiguration");
            assertThat(settings.path("retention.ms").asText())
                    .isEqualTo(topic.settings().get("retention.ms"));
            List<String> policies = new ArrayList<>();
            settings.path("cleanup.policy").forEach(policy -> policies.add(policy.asText()));
            assertThat(String.join(",", policies)).isEqualTo(topic.settings().get("cleanup.policy"));
        }
        assertThat(channel(Topics.DEAD_LETTERS).path("messages").has("DeadLetter"))
                .isTrue();
    }

    @Test
    void everyPayloadIsTheSchemaThatIsWritten() {
        for (Topic<?> topic : Topics.all()) {
            Schema schema = topic.wire().schema();
            JsonNode described = document.path("components").path("schemas").path(schema.getName());
            assertThat(described.path("schemaFormat").asText()).startsWith("application/vnd.apache.avro");
            assertThat(new Schema.Parser().parse(described.path("schema").toString()))
                    .isEqualTo(schema);
            JsonNode message = document.path("components").path("messages").path(schema.getName());
            assertThat(message.path("bindings")
                            .path("kafka")
                            .path("key")
                            .path("description")
                            .asText())
                    .isEqualTo(topic.key());
        }
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        List<JsonNode> references = document.findValues("$ref");
        assertThat(references)
                .isNotEmpty()
                .allSatisfy(reference -> assertThat(
                                document.at(reference.asText().substring(1)).isMissingNode())
                        .as(reference.asText())
                        .isFalse());
        assertThat(document.path("operations").size()).isEqualTo(Topics.all().size() + 3);
    }

    private JsonNode channel(String topic) {
        for (JsonNode channel : document.path("channels")) {
            if (channel.path("address").asText().equals(topic)) {
                return channel;
            }
        }
        throw new AssertionError("no channel has the address " + topic);
    }
}
