package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jobs under Flink's own Prometheus reporter, as a cluster runs it. */
@Timeout(180)
class FlinkReporterTest {

    private static final Pattern ASKED = Pattern.compile("\\bflink_\\w+");

    @TempDir
    Path directory;

    @Test
    void everyMetricOfFlinkThatADashboardAsksForIsReported() throws Exception {
        int port = freePort();
        Configuration reporter = new Configuration();
        reporter.setString(
                "metrics.reporter.prom.factory.class", "org.apache.flink.metrics.prometheus.PrometheusReporterFactory");
        reporter.setString("metrics.reporter.prom.port", Integer.toString(port));
        Set<String> asked = asked();
        assertThat(asked).isNotEmpty();
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory()) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                TopicCreation.createMissing(admin, 1);
            }
            aStepComes(broker); // Flink tells of a source's lag once it has read something
            try (AnalyticsCluster cluster =
                    AnalyticsCluster.start(broker.bootstrapServers(), Map.of(), directory, 1, reporter)) {
                await().atMost(Duration.ofMinutes(1))
                        .untilAsserted(() -> assertThat(scrape(port)).containsAll(asked));
                assertThat(cluster.failure()).isNotCompletedExceptionally();
            }
        }
    }

    private static void aStepComes(EmbeddedBroker broker) {
        String run = Records.runId("resnet", "sgd", 0);
        try (KafkaProducer<byte[], byte[]> producer = AnalyticsClusterTest.producer(broker)) {
            producer.send(new ProducerRecord<>(
                    Topics.STEP_METRICS.name(),
                    run.getBytes(UTF_8),
                    Topics.STEP_METRICS.wire().encode(Records.step(run, 1, 1, 2.3))));
        }
    }

    private static Set<String> asked() throws IOException {
        Set<String> names = new TreeSet<>();
        try (Stream<Path> files = Files.list(Path.of("../../docker/grafana/dashboards"))) {
            for (Path file : files.toList()) {
                Matcher found = ASKED.matcher(Files.readString(file));
                while (found.find()) {
                    names.add(found.group());
                }
            }
        }
        return names;
    }

    private static Set<String> scrape(int port) throws IOException, InterruptedException {
        String body = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
        Set<String> names = new TreeSet<>();
        body.lines().filter(line -> !line.startsWith("#")).forEach(line -> names.add(line.replaceFirst("[{ ].*", "")));
        return names;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
