package io.couplet.schemas.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.jspecify.annotations.Nullable;

/** The part of Apicurio Registry's core API 3 that Couplet uses, and the part of its Confluent API that others read by, in this JVM. {@code RealRegistryTest} holds it against the real one. */
public final class StubRegistry implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern ARTIFACT = Pattern.compile("/apis/registry/v3/groups/default/artifacts/([^/]+)(/.*)?");
    private static final Pattern ID =
            Pattern.compile("/apis/registry/v3/ids/(contentIds|globalIds)/(\\d+)(/references)?");
    private static final Pattern SUBJECT = Pattern.compile("/apis/ccompat/v7/subjects/([^/]+)/versions/latest");
    private static final Pattern SCHEMA = Pattern.compile("/apis/ccompat/v7/schemas/ids/(\\d+)");

    private record Version(int number, int id, String content) {}

    private static final class Artifact {
        final List<Version> versions = new ArrayList<>();

        @Nullable
        String compatibility;
    }

    private record Answer(int status, String body) {}

    private final HttpServer server;
    private final Map<String, Artifact> artifacts = new LinkedHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private int lastId = 100;

    private StubRegistry(HttpServer server) {
        this.server = server;
    }

    public static StubRegistry start() {
        try {
            StubRegistry stub =
                    new StubRegistry(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
            stub.server.createContext("/", stub::handle);
            stub.server.start();
            return stub;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code http://host:port}. */
    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Method and path of everything that was asked so far. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    /** Adds a version as somebody else would; its id. */
    public synchronized int add(String artifact, Schema schema) {
        Artifact known = artifacts.computeIfAbsent(artifact, name -> new Artifact());
        known.versions.add(new Version(known.versions.size() + 1, ++lastId, schema.toString()));
        return lastId;
    }

    /** From now on nothing answers. */
    @Override
    public void close() {
        server.stop(0);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (OutputStream out = exchange.getResponseBody()) {
            String path = exchange.getRequestURI().getPath();
            requests.add(exchange.getRequestMethod() + " " + path);
            byte[] body = exchange.getRequestBody().readAllBytes();
            Answer answer = answer(exchange.getRequestMethod(), path, body.length == 0 ? null : JSON.readTree(body));
            byte[] bytes = answer.body.getBytes(UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.getResponseHeaders().set("Connection", "close");
            exchange.sendResponseHeaders(answer.status, bytes.length == 0 ? -1 : bytes.length);
            out.write(bytes);
        }
    }

    private synchronized Answer answer(String method, String path, @Nullable JsonNode body) {
        Matcher artifact = ARTIFACT.matcher(path);
        Matcher id = ID.matcher(path);
        Matcher subject = SUBJECT.matcher(path);
        Matcher schema = SCHEMA.matcher(path);
        if (path.endsWith("/artifacts") && method.equals("POST") && body != null) {
            return created(body);
        } else if (artifact.matches()) {
            String rest = artifact.group(2) == null ? "" : artifact.group(2);
            return ofArtifact(method, artifact.group(1), rest, body);
        } else if (id.matches()) {
            Version version = byId(Integer.parseInt(id.group(2)));
            return version == null
                    ? problem(404, "No content with ID '" + id.group(2) + "' was found.")
                    : new Answer(200, id.group(3) == null ? version.content : "[]");
        } else if (subject.matches() && artifacts.containsKey(subject.group(1))) {
            Version latest = latest(artifacts.get(subject.group(1)));
            return new Answer(
                    200,
                    JSON.createObjectNode()
                            .put("id", latest.id)
                            .put("schema", latest.content)
                            .toString());
        } else if (schema.matches()) {
            Version version = byId(Integer.parseInt(schema.group(1)));
            return version == null
                    ? problem(404, "no schema")
                    : new Answer(
                            200,
                            JSON.createObjectNode()
                                    .put("schema", version.content)
                                    .toString());
        }
        return problem(404, "No such path: " + path);
    }

    private Answer created(JsonNode body) {
        String name = body.get("artifactId").asText();
        if (artifacts.containsKey(name)) {
            return problem(409, "An artifact with ID '" + name + "' in group 'default' already exists.");
        }
        Artifact artifact = new Artifact();
        artifacts.put(name, artifact);
        add(name, parse(body.at("/firstVersion/content/content").asText()));
        ObjectNode answer = JSON.createObjectNode();
        answer.putObject("artifact").put("artifactId", name).put("groupId", "default");
        answer.set("version", described(name, latest(artifact)));
        return new Answer(200, answer.toString());
    }

    private Answer ofArtifact(String method, String name, String rest, @Nullable JsonNode body) {
        Artifact artifact = artifacts.get(name);
        if (artifact == null) {
            return problem(404, "No artifact with ID '" + name + "' in group 'null' was found.");
        }
        if (rest.startsWith("/rules")) {
            return rule(method, artifact, body);
        }
        if (rest.equals("/versions") && method.equals("POST") && body != null) {
            Schema schema = parse(body.at("/content/content").asText());
            if ("FULL_TRANSITIVE".equals(artifact.compatibility)
                    && artifact.versions.stream().anyMatch(version -> !fit(schema, parse(version.content)))) {
                return problem(400, "Incompatible artifact: " + name);
            }
            add(name, schema);
            return new Answer(200, described(name, latest(artifact)).toString());
        }
        if (rest.equals("/versions")) {
            ObjectNode answer = JSON.createObjectNode().put("count", artifact.versions.size());
            artifact.versions.forEach(version -> answer.withArray("versions").add(described(name, version)));
            return new Answer(200, answer.toString());
        }
        String[] steps = rest.split("/");
        Version version = steps[2].equals("branch=latest")
                ? latest(artifact)
                : artifact.versions.get(Integer.parseInt(steps[2]) - 1);
        return new Answer(
                200,
                rest.endsWith("/content")
                        ? version.content
                        : described(name, version).toString());
    }

    private static Answer rule(String method, Artifact artifact, @Nullable JsonNode body) {
        if (body != null) {
            artifact.compatibility = body.get("config").asText();
            return new Answer(method.equals("POST") ? 204 : 200, method.equals("POST") ? "" : body.toString());
        }
        return artifact.compatibility == null
                ? problem(404, "No rule named 'COMPATIBILITY' was found.")
                : new Answer(
                        200,
                        JSON.createObjectNode()
                                .put("config", artifact.compatibility)
                                .put("ruleType", "COMPATIBILITY")
                                .toString());
    }

    private static boolean fit(Schema one, Schema other) {
        return reads(one, other) && reads(other, one);
    }

    private static boolean reads(Schema reader, Schema writer) {
        return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
                        .getType()
                == SchemaCompatibilityType.COMPATIBLE;
    }

    private static ObjectNode described(String artifact, Version version) {
        return JSON.createObjectNode()
                .put("version", Integer.toString(version.number))
                .put("artifactType", "AVRO")
                .put("state", "ENABLED")
                .put("globalId", version.id + 1_000)
                .put("contentId", version.id)
                .put("artifactId", artifact);
    }

    /** By content id or, a thousand more, by global id. */
    private @Nullable Version byId(int id) {
        return artifacts.values().stream()
                .flatMap(artifact -> artifact.versions.stream())
                .filter(version -> version.id == id || version.id + 1_000 == id)
                .findFirst()
                .orElse(null);
    }

    private static Version latest(Artifact artifact) {
        return artifact.versions.get(artifact.versions.size() - 1);
    }

    private static Schema parse(String content) {
        return new Schema.Parser().parse(content);
    }

    private static Answer problem(int status, String title) {
        return new Answer(
                status,
                JSON.createObjectNode()
                        .put("title", title)
                        .put("detail", title)
                        .put("status", status)
                        .put("name", "StubException")
                        .toString());
    }
}
