package io.couplet.view.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.view.DemoLog;
import io.couplet.view.DemoRecords;
import io.couplet.view.model.ViewModel;
import java.net.BindException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every answer, held against the description that the server itself gives of it. */
@Timeout(60)
final class OpenApiTest {

    private static final Map<String, String> EXAMPLES = Map.of(
            "/api/studies", "/api/studies",
            "/api/studies/{id}", "/api/studies/small-3fa2c1",
            "/api/studies/{id}/analysis", "/api/studies/small-3fa2c1/analysis?rung=2",
            "/api/studies/{id}/curves", "/api/studies/small-3fa2c1/curves?points=5",
            "/api/studies/{id}/layers", "/api/studies/small-3fa2c1/layers?backbone=vgg",
            "/api/runs/{id}", "/api/runs/small-3fa2c1.convnext.sgd.s0.a0b1c2?points=9",
            "/api/access", "/api/access",
            "/api/health", "/api/health");

    private final ObjectMapper mapper = new ObjectMapper();
    private final HttpClient client = HttpClient.newHttpClient();
    private final ViewModel model = DemoLog.of(DemoRecords.small()).into(new ViewModel());
    private final ViewServer server =
            new ViewServer(model, () -> null, DemoRecords.FAMILIES, Access.OPEN, new ObedientTrainer(model));

    @BeforeEach
    void start() throws BindException {
        server.start("127.0.0.1", 0);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void everyAnswerFitsItsDescription() throws Exception {
        JsonNode api = json("/api/openapi.json", 200);
        List<String> described = new ArrayList<>();
        api.get("paths").fieldNames().forEachRemaining(described::add);
        described.remove("/api/events");
        described.removeIf(path -> api.at("/paths").get(path).has("post"));
        assertThat(described).containsExactlyInAnyOrderElementsOf(EXAMPLES.keySet());
        for (String path : described) {
            JsonNode schema = api.at("/paths").get(path).at("/get/responses/200/content/application~1json/schema");
            JsonNode answer = json(Objects.requireNonNull(EXAMPLES.get(path)), 200);
            assertThat(problems(api, schema, answer, path)).as(path).isEmpty();
            assertThat(answer.size()).as(path).isPositive();
        }
    }

    @Test
    void anOrderAndItsAnswerFitTheirDescription() throws Exception {
        model.apply(
                new ViewModel.Origin("more", 0, 0),
                DemoLog.of(OrdersTest.running()).entries().get(0).record());
        JsonNode api = json("/api/openapi.json", 200);
        for (String verb : List.of("stop", "resume")) {
            JsonNode post = api.at("/paths").get("/api/runs/{id}/" + verb).get("post");
            String body = "{\"reason\":\"r\",\"pause\":null}";
            JsonNode takes = post.at("/requestBody/content/application~1json/schema");
            assertThat(problems(api, takes, mapper.readTree(body), verb)).isEmpty();
            assertThat(post.get("parameters").findValuesAsText("name")).contains("X-Couplet-Order");
            assertThat(post.at("/security/1/token").isArray()).isTrue();
        }
        HttpRequest order = HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                        + server.address().getPort() + "/api/runs/orders-3fa2c1.vgg.sgd.s0.a0b1c2/stop"))
                .header("Content-Type", "application/json")
                .header("X-Couplet-Order", "test")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
        HttpResponse<String> answer = client.send(order, HttpResponse.BodyHandlers.ofString());
        JsonNode schema =
                api.at("/paths").get("/api/runs/{id}/stop").at("/post/responses/202/content/application~1json/schema");
        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(problems(api, schema, mapper.readTree(answer.body()), "stop"))
                .isEmpty();
        assertThat(api.at("/components/securitySchemes/token/scheme").asText()).isEqualTo("bearer");
    }

    @Test
    void aRefusalFitsItsDescription() throws Exception {
        JsonNode api = json("/api/openapi.json", 200);
        JsonNode refusal = json("/api/studies/none", 404);
        assertThat(problems(api, api.at("/components/schemas/ViewServer.Refusal"), refusal, ""))
                .isEmpty();
    }

    @Test
    void theCheckItselfSeesAFieldTooManyOneTooFewAndAWrongType() throws Exception {
        JsonNode api = json("/api/openapi.json", 200);
        JsonNode schema = api.at("/components/schemas/ViewServer.Refusal");
        assertThat(problems(api, schema, mapper.readTree("{\"error\":\"a\",\"more\":1}"), ""))
                .hasSize(1);
        assertThat(problems(api, schema, mapper.readTree("{}"), "")).hasSize(1);
        assertThat(problems(api, schema, mapper.readTree("{\"error\":1}"), "")).hasSize(1);
    }

    private JsonNode json(String path, int status) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
        HttpResponse<String> response =
                client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(path).isEqualTo(status);
        return mapper.readTree(response.body());
    }

    /** The part of JSON Schema that the description uses. */
    private static List<String> problems(JsonNode api, JsonNode schema, JsonNode value, String at) {
        if (schema.has("$ref")) {
            return problems(api, api.at(schema.get("$ref").asText().substring(1)), value, at);
        }
        if (schema.has("anyOf")) {
            for (JsonNode choice : schema.get("anyOf")) {
                if (problems(api, choice, value, at).isEmpty()) {
                    return List.of();
                }
            }
            return List.of(at + " is none of " + schema.get("anyOf"));
        }
        List<String> problems = new ArrayList<>();
        if (schema.has("type") && !fits(schema.get("type"), value)) {
            return List.of(at + " is " + value.getNodeType() + ", should be " + schema.get("type"));
        }
        if (schema.has("enum") && !List.copyOf(texts(schema.get("enum"))).contains(value.asText())) {
            problems.add(at + " is " + value + ", should be one of " + schema.get("enum"));
        }
        if (value.isArray()) {
            value.forEach(item -> problems.addAll(problems(api, schema.get("items"), item, at + "[]")));
        }
        if (value.isObject()) {
            JsonNode properties = schema.path("properties");
            texts(schema.path("required")).stream()
                    .filter(name -> !value.has(name))
                    .forEach(name -> problems.add(at + '.' + name + " is missing"));
            value.fields().forEachRemaining(field -> {
                JsonNode described = properties.has(field.getKey())
                        ? properties.get(field.getKey())
                        : schema.path("additionalProperties");
                if (described.isObject()) {
                    problems.addAll(problems(api, described, field.getValue(), at + '.' + field.getKey()));
                } else {
                    problems.add(at + '.' + field.getKey() + " is not described");
                }
            });
        }
        return problems;
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(each -> texts.add(each.asText()));
        return texts;
    }

    private static boolean fits(JsonNode type, JsonNode value) {
        if (type.isArray()) {
            for (JsonNode each : type) {
                if (fits(each, value)) {
                    return true;
                }
            }
            return false;
        }
        return switch (type.asText()) {
            case "null" -> value.isNull();
            case "string" -> value.isTextual();
            case "number" -> value.isNumber();
            case "integer" -> value.isIntegralNumber();
            case "boolean" -> value.isBoolean();
            case "array" -> value.isArray();
            case "object" -> value.isObject();
            default -> false;
        };
    }
}
