package io.couplet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.apicurio.registry.serde.AbstractSerializer;
import io.couplet.schemas.avro.StepMetrics;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Against a real Apicurio Registry 3, the application of Maven Central in a process of its own. Skipped, with the reason, where its archive or a JDK that can run it is
 * missing: {@code mvn dependency:get -Dartifact=io.apicurio:apicurio-registry-app:3.3.3:tar.gz:all -Dtransitive=false} gets the one, {@code COUPLET_APICURIO_SERVER}
 * names another; {@code COUPLET_JDK25_HOME} or a neighbour of this JDK is the other.
 */
class RealRegistryTest {

    private static final String VERSION = "3.3.3";
    private static final int NEEDS_JAVA = 25;

    @Test
    void deploysWritesAndReadsAsAgainstTheStub(@TempDir Path directory) throws Exception {
        Optional<Path> archive = archive();
        Optional<Path> java = java();
        assumeThat(archive)
                .as("the archive of apicurio-registry-app " + VERSION)
                .isPresent();
        assumeThat(java).as("a JDK " + NEEDS_JAVA + " or newer").isPresent();
        int port = freePort();
        Process server = start(directory, archive.orElseThrow(), java.orElseThrow(), port);
        try {
            listening(server).get(10, TimeUnit.MINUTES);
            check("http://127.0.0.1:" + port);
        } finally {
            server.destroyForcibly().waitFor(20, TimeUnit.SECONDS);
        }
    }

    private static void check(String url) throws Exception {
        Map<String, String> properties = Map.of(SchemaRegistry.URL, url);
        assertThatThrownBy(() -> WireFormat.of(properties))
                .hasMessageContaining("register it with couplet topics create");
        SchemaRegistry registry = SchemaRegistry.of(properties);
        List<String> registered = registry.registerMissing().registered();
        assertThat(registered).hasSizeGreaterThanOrEqualTo(Topics.all().size());
        assertThat(registry.registerMissing().existing()).isEqualTo(registered);
        assertThat(registry.problems()).isEmpty();

        Topic<StepMetrics> steps = Topics.STEP_METRICS;
        StepMetrics specimen = steps.wire().decode(Specimens.bytes(steps.wire().schema()));
        WireFormat format = WireFormat.of(properties);
        byte[] value = format.encode(steps, specimen);
        assertThat(format.decode(steps, value)).isEqualTo(specimen);

        int id = ByteBuffer.wrap(value, 1, 4).getInt();
        Confluent confluent = new Confluent(url);
        assertThat(confluent.latestId(steps.name() + "-value")).isEqualTo(id);
        assertThat(confluent.compatibility(steps.name() + "-value")).isEqualTo("FULL_TRANSITIVE");
        GenericRecord read = new GenericDatumReader<GenericRecord>(confluent.schema(id))
                .read(null, DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null));
        assertThat(read.get("loss")).isEqualTo(specimen.getLoss());

        Schema other = SchemaBuilder.record("StepMetrics")
                .namespace("io.couplet.schemas.avro")
                .fields()
                .requiredString("mood")
                .endRecord();
        assertThatThrownBy(() -> RegistryClient.of(properties).createVersion(steps.name(), other))
                .isInstanceOf(SchemaRegistryException.class)
                .hasMessageContaining("refuses a schema (")
                .hasMessageEndingWith("): only optional fields may come and go.");
    }

    private static Process start(Path directory, Path archive, Path java, int port) throws Exception {
        Path home = archive;
        if (!Files.isDirectory(archive)) {
            Process unpacked = new ProcessBuilder("tar", "-xzf", archive.toString(), "-C", directory.toString())
                    .redirectErrorStream(true)
                    .start();
            assertThat(unpacked.waitFor()).isZero();
            home = directory;
        }
        return new ProcessBuilder(
                        java.toString(),
                        "-Xmx512m",
                        "-Dquarkus.http.host=127.0.0.1",
                        "-Dquarkus.http.port=" + port,
                        "-Dquarkus.management.host=127.0.0.1",
                        "-Dquarkus.management.port=0",
                        "-jar",
                        home.resolve("quarkus-run.jar").toString())
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
    }

    /** Done when the server says so; its log is read to its end, so that it never waits for somebody to do it. */
    private static CompletableFuture<Void> listening(Process server) {
        CompletableFuture<Void> listening = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            server.inputReader().lines().forEach(line -> {
                if (line.contains("Listening on")) {
                    listening.complete(null);
                }
            });
            listening.completeExceptionally(new IOException("the server has ended"));
        });
        thread.setDaemon(true);
        thread.start();
        return listening;
    }

    private static Optional<Path> archive() {
        String named = System.getenv("COUPLET_APICURIO_SERVER");
        if (named != null && !named.isBlank()) {
            return Optional.of(Path.of(named));
        }
        Path jar = Path.of(URI.create(AbstractSerializer.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString()));
        Path inRepository = jar.resolveSibling(Path.of("..", "..", "apicurio-registry-app", VERSION))
                .resolve("apicurio-registry-app-" + VERSION + "-all.tar.gz")
                .normalize();
        return Optional.of(inRepository).filter(Files::isRegularFile);
    }

    private static Optional<Path> java() throws IOException {
        String named = System.getenv("COUPLET_JDK25_HOME");
        if (named != null && !named.isBlank()) {
            return Optional.of(Path.of(named, "bin", "java"));
        }
        Path own = Path.of(System.getProperty("java.home")).toRealPath();
        try (Stream<Path> neighbours = Files.list(own.resolveSibling("."))) {
            return neighbours
                    .filter(home -> version(home) >= NEEDS_JAVA)
                    .map(home -> home.resolve(Path.of("bin", "java")))
                    .filter(Files::isExecutable)
                    .findFirst();
        }
    }

    private static int version(Path home) {
        try (Stream<String> lines = Files.lines(home.resolve("release"))) {
            return lines.filter(line -> line.startsWith("JAVA_VERSION="))
                    .map(line -> line.replaceAll("[^0-9.]", "").split("\\.")[0])
                    .mapToInt(Integer::parseInt)
                    .findFirst()
                    .orElse(0);
        } catch (IOException | java.io.UncheckedIOException | NumberFormatException e) {
            return 0;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
