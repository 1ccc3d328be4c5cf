package io.couplet.view.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A headless Chromium, spoken to through its chromedriver by the W3C WebDriver protocol: a dozen JSON requests, for which no library is needed. Both programs must be
 * there already, on the PATH or named by COUPLET_CHROMIUM and COUPLET_CHROMEDRIVER; nothing is downloaded.
 */
final class Browser implements AutoCloseable {

    private static final Pattern STARTED = Pattern.compile("started successfully on port (\\d+)");

    private final ObjectMapper mapper = new ObjectMapper();
    private final HttpClient client = HttpClient.newHttpClient();
    private final Process driver;
    private final String session;

    /** Why there can be no browser; empty when there can. */
    static Optional<String> missing() {
        if (program("COUPLET_CHROMIUM", "chromium", "chromium-browser", "google-chrome")
                .isEmpty()) {
            return Optional.of("no chromium on the PATH, and COUPLET_CHROMIUM names none");
        }
        return program("COUPLET_CHROMEDRIVER", "chromedriver").isEmpty()
                ? Optional.of("no chromedriver on the PATH, and COUPLET_CHROMEDRIVER names none")
                : Optional.empty();
    }

    private static Optional<Path> program(String variable, String... names) {
        String named = System.getenv(variable);
        if (named != null) {
            return Optional.of(Path.of(named)).filter(Files::isExecutable);
        }
        List<Path> candidates = new ArrayList<>();
        for (String directory : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            for (String name : names) {
                candidates.add(Path.of(directory, name));
            }
        }
        return candidates.stream().filter(Files::isExecutable).findFirst();
    }

    Browser() throws IOException, InterruptedException {
        Path chromedriver = program("COUPLET_CHROMEDRIVER", "chromedriver").orElseThrow();
        Path chromium = program("COUPLET_CHROMIUM", "chromium", "chromium-browser", "google-chrome")
                .orElseThrow();
        driver = new ProcessBuilder(chromedriver.toString(), "--port=0")
                .redirectErrorStream(true)
                .start();
        String base = "http://127.0.0.1:" + port();
        JsonNode opened = send(
                "POST",
                base + "/session",
                Map.of(
                        "capabilities",
                        Map.of(
                                "alwaysMatch",
                                Map.of(
                                        "goog:loggingPrefs",
                                        Map.of("browser", "ALL"),
                                        "goog:chromeOptions",
                                        Map.of(
                                                "binary",
                                                chromium.toString(),
                                                "args",
                                                List.of(
                                                        "--headless=new",
                                                        "--no-sandbox",
                                                        "--disable-gpu",
                                                        "--disable-dev-shm-usage",
                                                        "--window-size=1440,1200"))))));
        session = base + "/session/" + opened.get("sessionId").asText();
    }

    private int port() throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(driver.getInputStream(), UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Matcher started = STARTED.matcher(line);
            if (started.find()) {
                return Integer.parseInt(started.group(1));
            }
        }
        throw new IOException("chromedriver ended without saying its port");
    }

    void open(String address) throws IOException, InterruptedException {
        send("POST", session + "/url", Map.of("url", "about:blank"));
        send("POST", session + "/url", Map.of("url", address));
    }

    /** Runs a function body in the page; what it returns, promises awaited. */
    JsonNode run(String script, Object... arguments) throws IOException, InterruptedException {
        return send("POST", session + "/execute/sync", Map.of("script", script, "args", List.of(arguments)));
    }

    /** Presses a key where the focus is; the protocol's code points for special ones. */
    void press(String key) throws IOException, InterruptedException {
        send(
                "POST",
                session + "/actions",
                Map.of(
                        "actions",
                        List.of(Map.of(
                                "type",
                                "key",
                                "id",
                                "keyboard",
                                "actions",
                                List.of(
                                        Map.of("type", "keyDown", "value", key),
                                        Map.of("type", "keyUp", "value", key))))));
    }

    /** As wide as a telephone, or any other size, in the colour scheme given. */
    void show(int width, int height, String colourScheme) throws IOException, InterruptedException {
        command(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
        command(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", colourScheme))));
    }

    /** What can be seen, as PNG. */
    byte[] picture() throws IOException, InterruptedException {
        return Base64.getDecoder()
                .decode(command("Page.captureScreenshot", Map.of("format", "png"))
                        .get("data")
                        .asText());
    }

    private JsonNode command(String name, Map<String, ?> parameters) throws IOException, InterruptedException {
        return send("POST", session + "/goog/cdp/execute", Map.of("cmd", name, "params", parameters));
    }

    /** What the page complained about since it was last asked: errors and refusals of the content-security policy. */
    List<String> complaints() throws IOException, InterruptedException {
        List<String> complaints = new ArrayList<>();
        for (JsonNode entry : send("POST", session + "/se/log", Map.of("type", "browser"))) {
            if (entry.get("level").asText().equals("SEVERE")) {
                complaints.add(entry.get("message").asText());
            }
        }
        return complaints;
    }

    private JsonNode send(String method, String address, Object body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(address))
                .method(method, HttpRequest.BodyPublishers.ofString(mapper.writeValueAsString(body)))
                .build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        JsonNode value = mapper.readTree(response.body()).get("value");
        if (response.statusCode() != 200) {
            throw new IOException(value.get("error").asText() + ": "
                    + value.get("message").asText().lines().findFirst().orElse(""));
        }
        return value;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        try {
            send("DELETE", session, Map.of());
        } finally {
            driver.destroy();
            if (!driver.waitFor(10, TimeUnit.SECONDS)) {
                driver.destroyForcibly();
            }
        }
    }
}
