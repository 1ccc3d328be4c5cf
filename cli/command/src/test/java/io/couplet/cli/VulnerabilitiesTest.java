package io.couplet.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docker/vulnerabilities} against a database of the same interface on this machine, in which one package is vulnerable. */
class VulnerabilitiesTest {

    private static final String BOM = """
        {"bomFormat": "CycloneDX", "components": [
          {"purl": "pkg:maven/io.couplet/couplet-scores@0.1.0?type=jar"},
          {"purl": "pkg:maven/org.example/sound@1.0?type=jar"},
          {"purl": "pkg:maven/org.example/broken@2.1?type=jar"}]}
        """;
    private static final String VULNERABILITY = """
        {"id": "GHSA-1", "aliases": ["CVE-2026-1"], "summary": "It breaks.",
         "database_specific": {"severity": "HIGH"},
         "affected": [{"package": {"name": "org.example:broken"},
                       "ranges": [{"events": [{"introduced": "0"}, {"fixed": "2.2"}]}]}]}
        """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private HttpServer database = database();
    private int status = 200;

    private static HttpServer database() {
        try {
            return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @BeforeEach
    void startDatabase() {
        database.createContext("/", exchange -> {
            try (exchange) {
                String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
                byte[] answer = answer(exchange.getRequestURI().getPath(), body).getBytes(UTF_8);
                exchange.sendResponseHeaders(status, answer.length);
                exchange.getResponseBody().write(answer);
            }
        });
        database.start();
    }

    @AfterEach
    void stopDatabase() {
        database.stop(0);
    }

    private String answer(String path, String body) throws IOException {
        if (!path.equals("/v1/querybatch")) {
            return VULNERABILITY;
        }
        List<String> results = new ArrayList<>();
        for (JsonNode query : new ObjectMapper().readTree(body).path("queries")) {
            String purl = query.path("package").path("purl").asText();
            asked.add(purl);
            results.add(purl.contains("broken") ? "{\"vulns\": [{\"id\": \"GHSA-1\"}]}" : "{}");
        }
        return "{\"results\": [" + String.join(",", results) + "]}";
    }

    @Test
    void aVulnerablePackageIsListedWithItsFix() throws Exception {
        Ended ended = list("");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.out())
                .contains(
                        "pkg:maven/org.example/broken@2.1",
                        "GHSA-1 CVE-2026-1  HIGH  fixed in 2.2",
                        "It breaks.",
                        "2 packages asked for, 1 of them with known vulnerabilities, 1 vulnerabilities not accepted");
        assertThat(asked)
                .as("names and versions of others' packages, nothing else")
                .containsExactly("pkg:maven/org.example/broken@2.1", "pkg:maven/org.example/sound@1.0");
    }

    @Test
    void whatIsAcceptedIsListedWithItsReasonAndFailsNothing() throws Exception {
        Ended ended = list("# ours\nCVE-2026-1 That part is never called.\n");
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.out()).contains("accepted: That part is never called.", "0 vulnerabilities not accepted");
    }

    @Test
    void anAcceptanceWithoutAReasonIsRefused() throws Exception {
        assertThat(list("CVE-2026-1\n").exitCode()).isEqualTo(2);
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsNoGoodNews() throws Exception {
        status = 500;
        Ended ended = list("");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains("answered with status 500", "nothing is known about vulnerabilities now");
    }

    /** Nothing in a database is named org.apache.flink:flink-shaded-netty; it is netty all the same. */
    @Test
    void whatIsHiddenInAShadedJarIsAskedForByItsOwnName() throws Exception {
        jar("lib/flink-shaded-netty-4.1.100.Final-20.0.jar", Map.of("META-INF/NOTICE", """
                        flink-shaded-netty
                        This project bundles the following dependencies under the Apache Software License 2.0 (http://www.apache.org/licenses/LICENSE-2.0.txt)

                        - io.netty:netty-codec-http:4.1.100.Final
                        - io.netty:netty-transport-native-epoll:linux-x86_64:4.1.100.Final
                        """));
        jar(
                "parquet-jackson-1.18.1.jar",
                Map.of(
                        "META-INF/maven/org.example/broken/pom.properties",
                        "groupId=org.example\nartifactId=broken\nversion=2.0\n"));
        jar(
                "lib/couplet-scores-0.1.0.jar",
                Map.of(
                        "META-INF/maven/io.couplet/couplet-scores/pom.properties",
                        "groupId=io.couplet\nartifactId=couplet-scores\nversion=0.1.0\n"));
        Ended ended = list("");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.out()).contains("pkg:maven/org.example/broken@2.0", "5 packages asked for, 2 of them");
        assertThat(asked)
                .containsExactly(
                        "pkg:maven/io.netty/netty-codec-http@4.1.100.Final",
                        "pkg:maven/io.netty/netty-transport-native-epoll@4.1.100.Final",
                        "pkg:maven/org.example/broken@2.0",
                        "pkg:maven/org.example/broken@2.1",
                        "pkg:maven/org.example/sound@1.0");
    }

    private void jar(String name, Map<String, String> entries) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue().getBytes(UTF_8));
            }
        }
    }

    private Ended list(String accepted) throws IOException, InterruptedException {
        Path bom = Files.writeString(directory.resolve("sbom.json"), BOM);
        Path acceptances = Files.writeString(directory.resolve("accepted"), accepted);
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "../../docker/ListVulnerabilities.java",
                        "--api",
                        "http://127.0.0.1:" + database.getAddress().getPort(),
                        "--accepted",
                        acceptances.toString(),
                        bom.toString())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        return new Ended(process.waitFor(), Files.readString(out), Files.readString(err));
    }
}
