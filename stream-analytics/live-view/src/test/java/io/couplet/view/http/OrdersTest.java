package io.couplet.view.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.scores.coupling.Families;
import io.couplet.view.DemoLog;
import io.couplet.view.DemoRecords;
import io.couplet.view.model.ViewModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may read and order, and what becomes of an order. */
@Timeout(60)
final class OrdersTest {

    private static final String TOKEN = "a-token-of-thirty-two-characters";
    private static final String RUNNING = "orders-3fa2c1.vgg.sgd.s0.a0b1c2";
    private static final String ENDED = "small-3fa2c1.vgg.sgd.s0.a0b1c2";
    private static final String STOP = "/api/runs/" + RUNNING + "/stop";
    private static final List<String> READING = List.of(
            "/api/studies",
            "/api/studies/orders-3fa2c1",
            "/api/studies/orders-3fa2c1/analysis",
            "/api/studies/orders-3fa2c1/curves",
            "/api/studies/orders-3fa2c1/layers",
            "/api/runs/" + RUNNING,
            "/api/events",
            "/api/nothing");

    private final ObjectMapper mapper = new ObjectMapper();
    private final HttpClient client = HttpClient.newHttpClient();
    private final ViewModel model = new ViewModel();
    private final ObedientTrainer trainer = new ObedientTrainer(model);
    private ViewServer server = new ViewServer(model, () -> null);

    private void start(Access access) throws Exception {
        start(access, trainer);
    }

    private void start(Access access, @Nullable Orders orders) throws Exception {
        server = new ViewServer(model, () -> null, Families.NONE, access, orders);
        server.start("127.0.0.1", 0);
        DemoLog.of(running()).into(model);
    }

    /** One run that is under way. */
    static DemoRecords.Shape running() {
        return new DemoRecords.Shape("orders", List.of("vgg"), List.of("sgd"), 1, 64, 4, 0, 1);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void onThisMachineARunIsStoppedWithoutATokenAndItsTrainerAcknowledges() throws Exception {
        start(Access.OPEN);

        HttpResponse<String> answer = order(STOP, "{\"reason\":\"too slow\"}");

        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(mapper.readTree(answer.body()).get("commandId").asText()).isEqualTo("order-0");
        assertThat(trainer.orders())
                .extracting(RunCommand::getRunId, RunCommand::getReason, RunCommand::getRequestedBy)
                .containsExactly(tuple(RUNNING, "too slow", "page, on the machine itself"));
        assertThat(run().at("/summary/ordered").asText()).isEqualTo("stop");
        trainer.obey();
        assertThat(run().at("/summary/ordered").isNull()).isTrue();
        assertThat(run().at("/summary/status").asText()).isEqualTo("stopped");
        assertThat(run().at("/decisions/0/acknowledged").asBoolean()).isTrue();
        assertThat(order(STOP, "{}").statusCode()).isEqualTo(409);
    }

    @Test
    void whateverIsClickedTwiceIsOneOrder() throws Exception {
        start(Access.OPEN);

        List<CompletableFuture<HttpResponse<String>>> clicks = IntStream.range(0, 20)
                .mapToObj(i -> client.sendAsync(ordering(STOP, "{}").build(), HttpResponse.BodyHandlers.ofString()))
                .toList();

        assertThat(clicks)
                .allSatisfy(click -> assertThat(mapper.readTree(click.get().body())
                                .get("commandId")
                                .asText())
                        .isEqualTo("order-0"));
        assertThat(trainer.orders()).hasSize(1);
    }

    @Test
    void aPausedRunIsResumedAndOnlyAPausedOne() throws Exception {
        start(Access.OPEN);
        assertThat(order("/api/runs/" + RUNNING + "/resume", "{}").statusCode()).isEqualTo(409);

        order(STOP, "{\"pause\":true}");
        assertThat(run().at("/summary/ordered").asText()).isEqualTo("pause");
        trainer.obey();
        assertThat(run().at("/summary/status").asText()).isEqualTo("paused");
        assertThat(order(STOP, "{}").body()).contains("is paused already");

        assertThat(order("/api/runs/" + RUNNING + "/resume", "{}").statusCode()).isEqualTo(202);
        assertThat(run().at("/summary/ordered").asText()).isEqualTo("resume");
        assertThat(mapper.readTree(
                                order("/api/runs/" + RUNNING + "/resume", "{}").body())
                        .get("already")
                        .asBoolean())
                .isTrue();
        trainer.obey();
        assertThat(run().at("/summary/status").asText()).isEqualTo("running");
        assertThat(run().at("/summary/ordered").isNull()).isTrue();
        assertThat(trainer.orders()).hasSize(2);
    }

    @Test
    void anOrderOfAnotherKindTakesThePlaceOfOneThatIsUnderWay() throws Exception {
        start(Access.OPEN);
        order(STOP, "{\"pause\":true}");

        assertThat(order(STOP, "{}").statusCode()).isEqualTo(202);

        assertThat(trainer.orders()).extracting(RunCommand::getPause).containsExactly(true, false);
    }

    @Test
    void whatCannotObeyIsAnsweredInOneSentence() throws Exception {
        start(Access.OPEN);
        DemoLog.of(DemoRecords.small()).into(model);

        assertThat(order("/api/runs/" + ENDED + "/stop", "{}").body()).contains("has ended already");
        assertThat(order("/api/runs/none/stop", "{}").statusCode()).isEqualTo(404);
        assertThat(order(STOP, "[1]").statusCode()).isEqualTo(400);
        assertThat(order(STOP, "null").statusCode()).isEqualTo(400);
        assertThat(order(STOP, "{\"reason\":{\"a\":1}}").statusCode()).isEqualTo(400);
        assertThat(order(STOP, "{\"reason\":\"" + "x".repeat(5000) + "\"}").statusCode())
                .isEqualTo(413);
        assertThat(trainer.orders()).isEmpty();
    }

    @Test
    void aReadOnlyServerAndAKafkaThatIsAwaySaySo() throws Exception {
        start(Access.OPEN, null);
        assertThat(order(STOP, "{}").body()).contains("takes no orders");
        assertThat(json("/api/access").get("orders").asBoolean()).isFalse();
        server.close();
        start(Access.OPEN, new Orders() {
            @Override
            public String stop(String runId, String requestedBy, String reason, boolean pause) {
                throw new OrderException("Kafka is away: try again.", new IllegalStateException());
            }

            @Override
            public String resume(String runId, String requestedBy, String reason) {
                throw new AssertionError();
            }
        });
        assertThat(order(STOP, "{}").statusCode()).isEqualTo(503);
        assertThat(order(STOP, "{}").body()).isEqualTo("{\"error\":\"Kafka is away: try again.\"}");
    }

    @Test
    void withATokenNothingIsReadOrOrderedWithoutItOrWithAWrongOne() throws Exception {
        start(Access.OPEN.withToken(TOKEN));
        for (String authorization : List.of("", "Bearer wrong", "Bearer " + TOKEN + "x", "Basic " + TOKEN, TOKEN)) {
            for (String path : READING) {
                HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
                HttpResponse<String> answer =
                        send(authorization.isEmpty() ? request : request.header("Authorization", authorization));
                assertThat(answer.statusCode()).as(path + ' ' + authorization).isEqualTo(401);
                assertThat(answer.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
            }
            HttpRequest.Builder order = ordering(STOP, "{}");
            assertThat(send(authorization.isEmpty() ? order : order.header("Authorization", authorization))
                            .statusCode())
                    .isEqualTo(401);
        }
        assertThat(trainer.orders()).isEmpty();
        JsonNode health = json("/api/health");
        assertThat(health.get("status").asText()).isEqualTo("up");
        assertThat(health.get("intake").isNull()).isTrue();
        assertThat(health.get("refused")).isEmpty();
        for (String free :
                List.of("/", "/js/main.js", "/api/openapi.json", "/api/asyncapi.json", "/api/access", "/health")) {
            assertThat(send(HttpRequest.newBuilder(uri(free))).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void withoutTheTokenHealthSaysThatItIsDownAndNotWhy() throws Exception {
        server = new ViewServer(
                model,
                () -> "Kafka at broker-7.internal:9092 refuses the view.",
                Families.NONE,
                Access.OPEN.withToken(TOKEN),
                trainer);
        server.start("127.0.0.1", 0);

        for (String path : List.of("/api/health", "/health")) {
            HttpResponse<String> answer = send(HttpRequest.newBuilder(uri(path)));
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.body()).contains("\"status\":\"down\"").doesNotContain("broker-7");
            assertThat(send(HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + TOKEN))
                            .body())
                    .contains("broker-7.internal:9092 refuses the view.");
        }
    }

    @Test
    void withAPublicAddressAProbeIsAnsweredUnderThePodsOwnAddressAndNothingElseIs() throws Exception {
        start(Access.OPEN.withToken(TOKEN).withPublicAddress(URI.create("https://couplet.example.org")));
        assertThat(underAnotherName("/health")).startsWith("HTTP/1.1 200");
        // There is no registry behind it here, so it is looked for and not found.
        assertThat(underAnotherName("/metrics")).startsWith("HTTP/1.1 404");
        assertThat(underAnotherName("/")).startsWith("HTTP/1.1 421");
        assertThat(underAnotherName("/api/health")).startsWith("HTTP/1.1 421");
    }

    @Test
    void withoutATokenAProbeTooHasToKnowTheServersName() throws Exception {
        start(Access.OPEN);
        assertThat(underAnotherName("/health")).startsWith("HTTP/1.1 421");
    }

    /** As the kubelet asks: the Host is the pod's address. */
    private String underAnotherName(String path) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: 10.244.1.7:8080\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aLinkLocalPeerThatSendsTheProxysHeaderIsNobody() throws Exception {
        Access access = Access.OPEN.withTrustedUser("X-Forwarded-User", Set.of(InetAddress.getByName("10.1.2.3")));

        assertThat(access.user("fe80::1%eth0", null, "mallory")).isNull();
        assertThat(access.user("fe80::1", null, "mallory")).isNull();
        assertThat(access.user("10.1.2.3", null, "ada")).isEqualTo("ada");
    }

    @Test
    void theRightTokenReadsAndOrders() throws Exception {
        start(Access.OPEN.withToken(TOKEN));

        assertThat(send(HttpRequest.newBuilder(uri("/api/studies")).header("Authorization", "Bearer " + TOKEN))
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(ordering(STOP, "{}").header("Authorization", "bearer " + TOKEN))
                        .statusCode())
                .isEqualTo(202);
        assertThat(trainer.orders()).extracting(RunCommand::getRequestedBy).containsExactly("page, with the token");
    }

    @Test
    void aProxysUserIsRecordedAndBelievedFromTheProxyOnly() throws Exception {
        URI outside = URI.create("https://couplet.example.org");
        start(Access.OPEN
                .withTrustedUser("X-Forwarded-User", Set.of(InetAddress.getByName("127.0.0.1")))
                .withPublicAddress(outside));
        assertThat(send(HttpRequest.newBuilder(uri("/api/studies"))).statusCode())
                .isEqualTo(401);

        HttpRequest.Builder order = ordering(STOP, "{}")
                .header("X-Forwarded-User", "ada@example.org")
                .header("Origin", "https://couplet.example.org")
                .header("Sec-Fetch-Site", "same-origin");
        assertThat(send(order).statusCode()).isEqualTo(202);
        assertThat(trainer.orders()).extracting(RunCommand::getRequestedBy).containsExactly("ada@example.org");
        server.close();

        start(Access.OPEN
                .withTrustedUser("X-Forwarded-User", Set.of(InetAddress.getByName("10.1.2.3")))
                .withPublicAddress(outside));
        assertThat(send(HttpRequest.newBuilder(uri("/api/studies")).header("X-Forwarded-User", "mallory"))
                        .statusCode())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Origin: https://elsewhere.example",
                "Origin: null",
                "Origin: http://localhost:1",
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Site: same-site"
            })
    void thePagesOfOtherSitesOrderNothing(String header) throws Exception {
        start(Access.OPEN.withToken(TOKEN));
        String[] parts = header.split(": ", 2);

        assertThat(send(ordering(STOP, "{}")
                                .header("Authorization", "Bearer " + TOKEN)
                                .header(parts[0], parts[1]))
                        .statusCode())
                .isEqualTo(403);

        assertThat(trainer.orders()).isEmpty();
    }

    @Test
    void whatAFormCanSendIsNoOrder() throws Exception {
        start(Access.OPEN);
        for (String type : List.of("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")) {
            assertThat(send(HttpRequest.newBuilder(uri(STOP))
                                    .header("Content-Type", type)
                                    .header("X-Couplet-Order", "page")
                                    .POST(HttpRequest.BodyPublishers.ofString("{}")))
                            .statusCode())
                    .isEqualTo(403);
        }
        assertThat(send(HttpRequest.newBuilder(uri(STOP))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString("{}")))
                        .statusCode())
                .isEqualTo(403);
        HttpRequest.Builder preflight = HttpRequest.newBuilder(uri(STOP))
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .header("Access-Control-Request-Method", "POST");
        assertThat(send(preflight).statusCode()).isEqualTo(405);
        assertThat(send(HttpRequest.newBuilder(uri(STOP))).statusCode()).isEqualTo(404);
        assertThat(trainer.orders()).isEmpty();
    }

    @Test
    void aTokenIsLongAndPrintableAndIsNotPrinted() {
        assertThatThrownBy(() -> Access.OPEN.withToken("short"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 16 characters, had 5");
        assertThatThrownBy(() -> Access.OPEN.withToken("a token with blanks in it"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Access.OPEN.withToken(TOKEN).toString()).doesNotContain(TOKEN);
    }

    private JsonNode run() throws Exception {
        return json("/api/runs/" + RUNNING);
    }

    private JsonNode json(String path) throws Exception {
        return mapper.readTree(send(HttpRequest.newBuilder(uri(path))).body());
    }

    private HttpResponse<String> order(String path, String body) throws Exception {
        return send(ordering(path, body));
    }

    private HttpRequest.Builder ordering(String path, String body) {
        return HttpRequest.newBuilder(uri(path))
                .header("Content-Type", "application/json")
                .header("X-Couplet-Order", "test")
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
    }
}
