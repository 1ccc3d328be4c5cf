package io.couplet.view.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.view.DemoLog;
import io.couplet.view.DemoRecords;
import io.couplet.view.model.ViewModel;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(60)
final class HostileInputTest {

    private static final int TEN_MEGABYTES = 10_000_000;
    private static final List<String> ENDPOINTS = List.of(
            "/",
            "/js/main.js",
            "/api/studies",
            "/api/studies/small-3fa2c1",
            "/api/studies/small-3fa2c1/analysis",
            "/api/studies/small-3fa2c1/curves",
            "/api/studies/small-3fa2c1/layers",
            "/api/runs/small-3fa2c1.vgg.sgd.s0.a0b1c2",
            "/api/events",
            "/api/health",
            "/api/openapi.json");

    private final ObjectMapper mapper = new ObjectMapper();
    private final HttpClient client = HttpClient.newHttpClient();
    private final ViewModel model = DemoLog.of(DemoRecords.small()).into(new ViewModel());
    private final ViewServer server = new ViewServer(model, () -> null);
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

    @BeforeEach
    void start() throws Exception {
        ((Logger) LoggerFactory.getLogger(Refusals.class)).addAppender(logged);
        logged.start();
        server.start("127.0.0.1", 0);
    }

    @AfterEach
    void stop() {
        server.close();
        ((Logger) LoggerFactory.getLogger(Refusals.class)).detachAppender(logged);
    }

    @Test
    void tenMegabytesToEachEndpointAreRefusedCountedAndLoggedOnce() throws Exception {
        for (String endpoint : ENDPOINTS) {
            assertThat(sent("POST " + endpoint + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
                            + TEN_MEGABYTES + "\r\n\r\n"))
                    .as(endpoint)
                    .satisfiesAnyOf(
                            answer -> assertThat(answer).startsWith("HTTP/1.1 405"),
                            // The server hangs up on who goes on writing.
                            answer -> assertThat(answer).isEmpty());
        }

        JsonNode health = json("/api/health");
        assertThat(health.get("refused").get("405").asInt()).isEqualTo(ENDPOINTS.size());
        assertThat(logged.list).hasSize(1);
        assertThat(logged.list.get(0).getLevel()).isEqualTo(Level.WARN);
        assertThat(json("/api/studies/small-3fa2c1").get("cells")).hasSize(12);
    }

    @Test
    void anAddressOfTenMegabytesIsRefused() throws Exception {
        assertThat(sent("GET /api/studies/"))
                .satisfiesAnyOf(
                        answer -> assertThat(answer).startsWith("HTTP/1.1 4"),
                        answer -> assertThat(answer).isEmpty());
        assertThat(get("/api/studies").statusCode()).isEqualTo(200);
    }

    @Test
    void noPathLeavesThePagesFiles() throws Exception {
        for (String path : List.of(
                "/../../../etc/passwd",
                "/js/../../../../etc/passwd",
                "/js/%2e%2e/%2e%2e/etc/passwd",
                "/js/..%2f..%2fetc%2fpasswd",
                "/js//etc/passwd",
                "/js/..;/..;/etc/passwd",
                "/js/main.js%00.html",
                "/vendor/uplot/../../../../META-INF/MANIFEST.MF",
                "/api/runs/../../../etc/passwd")) {
            String answer = raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            assertThat(answer).as(path).startsWith("HTTP/1.1 4").doesNotContain("root:", "Manifest-Version");
        }
    }

    @Test
    void thePagesOfOtherSitesGetNothing() throws Exception {
        for (String header :
                List.of("Origin: https://elsewhere.example", "Sec-Fetch-Site: cross-site", "Origin: null")) {
            for (String endpoint : List.of("/api/studies", "/api/events", "/js/main.js")) {
                assertThat(raw("GET " + endpoint + " HTTP/1.1\r\nHost: localhost\r\n" + header
                                + "\r\nConnection: close\r\n\r\n"))
                        .as(header)
                        .startsWith("HTTP/1.1 403")
                        .contains("This server does not answer the pages of other sites.")
                        .doesNotContainIgnoringCase("Access-Control-Allow-Origin");
            }
        }
        assertThat(logged.list).hasSize(1);
    }

    @Test
    void aLinkFromAnotherSiteOpensThePageAndItsOwnRequestsAreAnswered() throws Exception {
        assertThat(raw("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                        + "Sec-Fetch-Dest: document\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200");
        assertThat(raw("GET /api/studies HTTP/1.1\r\nHost: localhost:"
                        + server.address().getPort()
                        + "\r\nOrigin: http://localhost:" + server.address().getPort()
                        + "\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200");
    }

    @Test
    void whatIsEchoedIsJsonOfOneLineAndBounded() throws Exception {
        String junk = "%3Cscript%3Ealert(1)%3C/script%3E%0d%0aSet-Cookie:x" + "x".repeat(3000);
        for (String path :
                List.of("/api/runs/", "/api/studies/", "/api/studies/small-3fa2c1/analysis?rung=", "/nothing/")) {
            HttpResponse<String> response = get(path + junk);
            assertThat(response.statusCode()).isBetween(400, 404);
            assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("application/json");
            assertThat(response.headers().firstValue("Set-Cookie")).isEmpty();
            assertThat(response.headers().firstValue("Content-Security-Policy")).isPresent();
            assertThat(response.body().length()).isLessThan(600);
            assertThat(mapper.readTree(response.body()).get("error").asText()).isNotEmpty();
        }
    }

    /** What comes back when a beginning is followed by ten megabytes of junk. */
    private String sent(String beginning) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            byte[] junk = new byte[TEN_MEGABYTES];
            Arrays.fill(junk, (byte) '<');
            try {
                OutputStream out = socket.getOutputStream();
                out.write(beginning.getBytes(UTF_8));
                out.write(junk);
                out.flush();
            } catch (IOException e) {
                // Hung up on while it was still writing.
            }
            return read(socket);
        }
    }

    private static String read(Socket socket) {
        try {
            return new String(socket.getInputStream().readNBytes(10_000), UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private String raw(String request) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.getOutputStream().write(request.getBytes(UTF_8));
            return read(socket);
        }
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
        return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode json(String path) throws IOException, InterruptedException {
        return mapper.readTree(get(path).body());
    }
}
