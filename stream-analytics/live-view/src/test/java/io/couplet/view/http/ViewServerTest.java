package io.couplet.view.http;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.view.DemoLog;
import io.couplet.view.DemoRecords;
import io.couplet.view.model.ViewModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.BindException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ViewServerTest {

    private static final String HOSTILE = "<img src=x onerror=alert(1)>\"'&";

    private final ObjectMapper mapper = new ObjectMapper();
    private final HttpClient client = HttpClient.newHttpClient();
    private final ViewModel model = new ViewModel();
    private final ViewServer server = new ViewServer(model, () -> null);

    @BeforeEach
    void start() throws BindException {
        server.start("127.0.0.1", 0);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void studiesRunsAndHealthAreServedAsJson() throws Exception {
        fill();

        assertThat(json("/api/studies").get(0).get("id").asText()).isEqualTo("small-3fa2c1");
        JsonNode study = json("/api/studies/small-3fa2c1");
        assertThat(study.get("cells")).hasSize(12);
        assertThat(study.get("advice").get(0).get("text").asText()).startsWith("At rung 4 of 4");
        JsonNode run = json("/api/runs/small-3fa2c1.vgg.sgd.s0.a0b1c2?points=10");
        assertThat(run.get("curve").get("step")).hasSizeLessThanOrEqualTo(10);
        assertThat(run.get("evaluations")).hasSize(4);
        assertThat(json("/api/health").get("status").asText()).isEqualTo("up");
    }

    @Test
    void aStudyIsSentWithItsNewestDecisionsAndSaysHowManyThereAre() throws Exception {
        DemoLog log = DemoLog.of(DemoRecords.small());
        log.into(model);
        RunCommand stop = log.entries().stream()
                .map(DemoLog.Entry::record)
                .filter(RunCommand.class::isInstance)
                .map(RunCommand.class::cast)
                .findFirst()
                .orElseThrow();
        for (int i = 0; i < 120; i++) {
            model.apply(
                    new ViewModel.Origin(Topics.RUN_COMMANDS.name(), 900, i),
                    RunCommand.newBuilder(stop).setCommandId("again-" + i).build());
        }

        JsonNode study = json("/api/studies/small-3fa2c1");
        assertThat(study.get("decisions")).hasSize(100);
        assertThat(study.get("decisionsTotal").asInt()).isEqualTo(121);
    }

    @Test
    void whatIsNotThereIsSaidInOneSentence() throws Exception {
        assertThat(get("/api/studies/none").statusCode()).isEqualTo(404);
        assertThat(get("/api/runs/none").statusCode()).isEqualTo(404);
        assertThat(get("/api/nothing").statusCode()).isEqualTo(404);
        assertThat(get("/js/../../../etc/passwd").statusCode()).isBetween(400, 404);
        HttpResponse<String> points = get("/api/runs/none?points=0");
        assertThat(points.statusCode()).isEqualTo(400);
        assertThat(points.body()).isEqualTo("{\"error\":\"points must be between 1 and 4096, was 0.\"}");
    }

    @Test
    void everyAnswerCarriesTheSecurityHeadersAndOnlyGetIsAnswered() throws Exception {
        for (String path : List.of("/", "/api/studies", "/js/main.js", "/vendor/uplot/uPlot.esm.js")) {
            HttpResponse<String> response = get(path);
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValue("Content-Security-Policy"))
                    .hasValueSatisfying(policy -> assertThat(policy).startsWith("default-src 'self';"));
            assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
        }
        for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS")) {
            HttpRequest request = HttpRequest.newBuilder(uri("/api/studies"))
                    .method(method, HttpRequest.BodyPublishers.noBody())
                    .build();
            assertThat(client.send(request, HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(405);
        }
    }

    @Test
    void aPageElsewhereCannotReadAlongThroughANameOfItsOwn() throws Exception {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.getOutputStream()
                    .write("GET /api/studies HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 421");
        }
    }

    @Test
    void aPortThatIsTakenIsRefused() {
        try (ViewServer second = new ViewServer(model, () -> null)) {
            assertThatThrownBy(() -> second.start("127.0.0.1", server.address().getPort()))
                    .isInstanceOf(BindException.class);
        }
    }

    @Test
    void aStreamBeginsWithASnapshotAndGoesOnWithDeltas() throws Exception {
        DemoLog log = DemoLog.of(DemoRecords.small());
        log.entries().stream().limit(30).forEach(entry -> model.apply(entry.origin(), entry.record()));
        try (EventReader stream = open("")) {
            Event first = stream.next();
            assertThat(first.name()).isEqualTo("snapshot");
            assertThat(first.data().get("study").get("cells")).hasSize(12);

            log.entries().forEach(entry -> model.apply(entry.origin(), entry.record()));
            Event last = first;
            long target = model.version();
            while (last.data().get("version").asLong() < target) {
                last = stream.next();
                assertThat(last.name()).isEqualTo("delta");
            }
            assertThat(last.data().get("studies").get(0).get("progress").asDouble())
                    .isEqualTo(1);
        }
    }

    @Test
    void whoComesBackWithALastEventIdGetsAWholeSnapshot() throws Exception {
        fill();
        String id;
        try (EventReader stream = open("")) {
            id = stream.next().id();
        }
        try (EventReader stream = open(id)) {
            Event again = stream.next();
            assertThat(again.name()).isEqualTo("snapshot");
            assertThat(again.data().get("study").get("cells")).hasSize(12);
        }
    }

    @Test
    void aClientThatDoesNotReadHoldsUpNobody() throws Exception {
        try (Socket deaf =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            deaf.setReceiveBufferSize(1024);
            deaf.getOutputStream()
                    .write("GET /api/events?study=small-3fa2c1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            fill();
            try (EventReader stream = open("")) {
                Event event = stream.next();
                while (event.data().get("version").asLong() < model.version()) {
                    event = stream.next();
                }
                assertThat(event.data().get("studies")).hasSize(1);
            }
        }
    }

    @Test
    void streamsEndWhenTheServerCloses() throws Exception {
        try (EventReader stream = open("")) {
            stream.next();
            server.close();
            assertThat(stream.ended()).isTrue();
        }
    }

    @Test
    void aStreamIsForgottenWhenItsClientLeaves() throws Exception {
        fill();
        EventReader stream = open("");
        stream.next();
        assertThat(json("/api/health").get("streams").asInt()).isEqualTo(1);
        stream.close();
        DemoRecords.Shape other = new DemoRecords.Shape("other", List.of("vgg"), List.of("sgd"), 1, 20, 1, 1, 0);
        DemoLog log = DemoLog.of(other);
        int[] next = {0};
        await().atMost(30, SECONDS).until(() -> {
            DemoLog.Entry entry = log.entries().get(next[0]++ % log.entries().size());
            model.apply(new ViewModel.Origin(entry.origin().topic(), 900, next[0]), entry.record());
            return json("/api/health").get("streams").asInt() == 0;
        });
    }

    @Test
    void hostileNamesTravelAsTextAndThePageNeverParsesThem() throws Exception {
        DemoLog hostile = new DemoLog();
        DemoRecords.write(DemoRecords.small(), (topic, record) -> hostile.append(topic, renamed(record)));
        hostile.into(model);

        assertThat(json("/api/studies").get(0).get("name").asText()).isEqualTo(HOSTILE);
        assertThat(get("/api/studies").headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("application/json"));
        for (String name : PageFiles.OWN) {
            if (name.endsWith(".js")) {
                assertThat(get('/' + name).body())
                        .doesNotContain("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(");
            }
        }
    }

    private static SpecificRecord renamed(SpecificRecord record) {
        return record instanceof RunRequest request
                ? RunRequest.newBuilder(request).setStudyName(HOSTILE).build()
                : record;
    }

    @Test
    void everyFileOfThePageIsServed() throws Exception {
        Path page = Objects.requireNonNull(
                Path.of(Objects.requireNonNull(ViewServer.class.getResource(PageFiles.PAGE + "index.html"))
                                .toURI())
                        .getParent());
        try (Stream<Path> files = Files.walk(page)) {
            List<String> names = files.filter(Files::isRegularFile)
                    .map(file -> page.relativize(file).toString().replace('\\', '/'))
                    .toList();
            assertThat(PageFiles.OWN).containsExactlyInAnyOrderElementsOf(names);
        }
        for (String path : new PageFiles().all().keySet()) {
            assertThat(get(path).statusCode()).isEqualTo(200);
        }
    }

    private void fill() {
        DemoLog.of(DemoRecords.small()).into(model);
        assertThat(model.intake().records()).containsKey(Topics.STEP_METRICS.name());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode json(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = get(path);
        assertThat(response.statusCode()).isEqualTo(200);
        return mapper.readTree(response.body());
    }

    /** One server-sent event. */
    private record Event(String id, String name, JsonNode data) {}

    private EventReader open(String lastEventId) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri("/api/events?study=small-3fa2c1"));
        if (!lastEventId.isEmpty()) {
            request.header("Last-Event-ID", lastEventId);
        }
        HttpResponse<InputStream> response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        assertThat(response.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
        assertThat(response.headers().firstValue("X-Accel-Buffering")).hasValue("no");
        return new EventReader(response.body(), mapper);
    }

    /** Reads events off a response. */
    private static final class EventReader implements AutoCloseable {

        private final BufferedReader lines;
        private final ObjectMapper mapper;

        EventReader(InputStream in, ObjectMapper mapper) {
            this.lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            this.mapper = mapper;
        }

        Event next() throws IOException {
            String id = "";
            String name = "";
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    name = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    return new Event(id, name, mapper.readTree(line.substring(6)));
                }
            }
            throw new IOException("the stream ended");
        }

        boolean ended() {
            try {
                while (lines.readLine() != null) {
                    // Whatever was still under way.
                }
                return true;
            } catch (IOException e) {
                return true;
            }
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }
}
