package io.couplet.cli.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.cli.local.UserError;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a service without a page of its own answers. */
class MetricsServerTest {

    private final AtomicReference<@Nullable String> failure = new AtomicReference<>();
    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void healthSaysThatAServiceDoesNotWorkAndNotWhy() throws Exception {
        try (MetricsServer server = MetricsServer.start("127.0.0.1", 0, () -> "", failure::get)) {
            assertThat(get(server, "/health").statusCode()).isEqualTo(200);
            failure.set("Kafka at secret-broker:9092 does not accept this user.");
            HttpResponse<String> down = get(server, "/health");
            assertThat(down.statusCode()).isEqualTo(503);
            assertThat(down.body()).isEqualTo("down: the log says why\n");
        }
    }

    /** As many as there are threads, so that somebody must be let go before anybody else is answered; in a process where nobody has used the JDK's server before. */
    @Test
    @Timeout(120)
    void halfSentRequestsHoldUpHealthForSecondsOnly() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        MetricsServerTest.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<Socket> halves = new ArrayList<>();
        try (BufferedReader said = process.inputReader()) {
            int port = Integer.parseInt(said.readLine());
            for (int i = 0; i < 8; i++) {
                Socket half = new Socket("127.0.0.1", port);
                half.getOutputStream().write("GET /metrics HTTP/1.1\r\nHost:".getBytes(UTF_8));
                halves.add(half);
            }
            URI health = URI.create("http://127.0.0.1:" + port + "/health");
            assertThat(client.send(HttpRequest.newBuilder(health).build(), HttpResponse.BodyHandlers.ofString())
                            .body())
                    .isEqualTo("up\n");
            for (Socket half : halves) {
                half.setSoTimeout(20_000);
                assertThat(half.getInputStream().read()).isEqualTo(-1);
            }
        } finally {
            for (Socket half : halves) {
                half.close();
            }
            process.destroyForcibly();
        }
    }

    /** Serves until whoever started it is gone. */
    public static void main(String[] arguments) throws IOException {
        try (MetricsServer server = MetricsServer.start("127.0.0.1", 0, () -> "", () -> null)) {
            System.out.println(server.port());
            System.in.read();
        }
    }

    @Test
    void metricsAreWhatPrometheusReads() throws Exception {
        try (ServiceMetrics metrics = new ServiceMetrics("test", "1.0", null);
                MetricsServer server = MetricsServer.start("127.0.0.1", 0, metrics::scrape, failure::get)) {
            metrics.registry()
                    .counter("couplet.test", "label", "a \"quoted\"\nname \\")
                    .increment(3);
            HttpResponse<String> answer = get(server, "/metrics");
            assertThat(answer.headers().firstValue("Content-Type"))
                    .contains("text/plain; version=0.0.4; charset=utf-8");
            PrometheusText text = PrometheusText.read(answer.body());
            assertThat(text.value("couplet_build_info{revision=\"unknown\",service=\"test\",version=\"1.0\"}"))
                    .isEqualTo(1);
            assertThat(text.value("couplet_test_total{label=\"a \\\"quoted\\\"\\nname \\\\\"}"))
                    .isEqualTo(3);
            assertThat(text.types()).containsEntry("couplet_test_total", "counter");
            assertThat(text.names()).contains("jvm_memory_used_bytes", "process_cpu_usage");
        }
    }

    @Test
    void nothingElseIsAnswered() throws Exception {
        try (MetricsServer server = MetricsServer.start("127.0.0.1", 0, () -> "", failure::get)) {
            assertThat(get(server, "/").statusCode()).isEqualTo(404);
            assertThat(get(server, "/metrics/../../etc/passwd").statusCode()).isEqualTo(404);
            HttpRequest post = request(server, "/metrics")
                    .POST(HttpRequest.BodyPublishers.ofString("x".repeat(1_000)))
                    .build();
            assertThat(client.send(post, HttpResponse.BodyHandlers.ofString()).statusCode())
                    .isEqualTo(405);
        }
    }

    @Test
    void aPortThatIsTakenIsRefusedWithTheFix() {
        try (MetricsServer first = MetricsServer.start("127.0.0.1", 0, () -> "", failure::get)) {
            int port = first.port();
            assertThatThrownBy(() -> MetricsServer.start("127.0.0.1", port, () -> "", failure::get))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("--metrics-port");
        }
    }

    private HttpResponse<String> get(MetricsServer server, String path) throws IOException, InterruptedException {
        return client.send(request(server, path).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(MetricsServer server, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
    }
}
