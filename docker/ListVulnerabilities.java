import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Known vulnerabilities of what an SBOM lists, as the OSV database has them: {@code ListVulnerabilities [--api URL] [--accepted FILE] SBOM.json…}. See
 * docker/vulnerabilities, which makes the SBOMs and calls this.
 *
 * <p>Some jars, Flink's shaded ones above all, are other packages under a name that no database knows. What they hold is what their META-INF/NOTICE lists, or what Maven left of
 * the packages in META-INF/maven; both are read from the jars beside an SBOM and below {@code lib} there.
 *
 * <p>Exit codes: 0 none but accepted ones, 1 some, 2 the database could not be asked.
 */
public final class ListVulnerabilities {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int BATCH = 500;
    /** group:artifact:version, with or without a classifier before the version. */
    private static final Pattern BUNDLED =
            Pattern.compile("\\s*-\\s*([\\w.-]+):([\\w.-]+):(?:[\\w.-]+:)?([\\w.-]+)\\s*");

    private static final Pattern MAVEN = Pattern.compile("META-INF/maven/[^/]+/[^/]+/pom\\.properties");

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(20)).build();
    private final String api;

    private ListVulnerabilities(String api) {
        this.api = api.replaceFirst("/+$", "");
    }

    public static void main(String[] arguments) throws InterruptedException {
        String api = "https://api.osv.dev";
        Map<String, String> accepted = new TreeMap<>();
        List<Path> boms = new ArrayList<>();
        try {
            for (int i = 0; i < arguments.length; i++) {
                if (arguments[i].equals("--api")) {
                    api = arguments[++i];
                } else if (arguments[i].equals("--accepted")) {
                    accepted.putAll(accepted(Path.of(arguments[++i])));
                } else {
                    boms.add(Path.of(arguments[i]));
                }
            }
            if (boms.isEmpty()) {
                throw new IOException("no SBOM is named: build one with `mvn -Psbom package -DskipTests`");
            }
            System.exit(new ListVulnerabilities(api).list(boms, accepted));
        } catch (IOException e) {
            System.err.println("vulnerabilities: " + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage())
                    + "; nothing is known about vulnerabilities now.");
            System.exit(2);
        }
    }

    /** Lines of an id and, behind it, why it is no danger here; # begins a comment. */
    private static Map<String, String> accepted(Path file) throws IOException {
        Map<String, String> reasons = new TreeMap<>();
        for (String line : Files.readAllLines(file)) {
            String[] idAndReason = line.strip().split("\\s+", 2);
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            if (idAndReason.length < 2) {
                throw new IOException(file + ": " + idAndReason[0] + " is accepted without a reason");
            }
            reasons.put(idAndReason[0], idAndReason[1]);
        }
        return reasons;
    }

    private int list(List<Path> boms, Map<String, String> accepted) throws IOException, InterruptedException {
        TreeSet<String> packages = new TreeSet<>();
        for (Path bom : boms) {
            for (JsonNode component : JSON.readTree(bom.toFile()).path("components")) {
                String purl = component.path("purl").asText();
                if (purl.startsWith("pkg:maven/") && !purl.startsWith("pkg:maven/io.couplet/")) {
                    packages.add(purl.replaceFirst("\\?.*", ""));
                }
            }
            for (Path jar : jars(bom.toAbsolutePath().getParent())) {
                packages.addAll(bundled(jar));
            }
        }
        Map<String, List<String>> found = found(List.copyOf(packages));
        int dangerous = 0;
        for (Map.Entry<String, List<String>> each : found.entrySet()) {
            for (String id : each.getValue()) {
                JsonNode vulnerability = get("/v1/vulns/" + id);
                String reason = reason(vulnerability, accepted);
                dangerous += reason == null ? 1 : 0;
                System.out.printf(
                        "%s%n  %s  %s  fixed in %s%n  %s%n%s",
                        each.getKey(),
                        names(vulnerability),
                        vulnerability.path("database_specific").path("severity").asText("severity unknown"),
                        fixedIn(vulnerability, each.getKey()),
                        vulnerability.path("summary").asText("(no summary)"),
                        reason == null ? "" : "  accepted: " + reason + System.lineSeparator());
            }
        }
        System.out.printf(
                "%d packages asked for, %d of them with known vulnerabilities, %d vulnerabilities not accepted%n",
                packages.size(), found.size(), dangerous);
        return dangerous == 0 ? 0 : 1;
    }

    private static List<Path> jars(Path folder) throws IOException {
        List<Path> jars = new ArrayList<>();
        for (Path at : List.of(folder, folder.resolve("lib"))) {
            if (Files.isDirectory(at)) {
                try (DirectoryStream<Path> found = Files.newDirectoryStream(at, "*.jar")) {
                    found.forEach(jars::add);
                }
            }
        }
        return jars;
    }

    /** Package URLs of what a jar says that it holds. */
    private static TreeSet<String> bundled(Path jar) throws IOException {
        TreeSet<String> packages = new TreeSet<>();
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                if (entry.getName().equals("META-INF/NOTICE")) {
                    for (String line : text(zip, entry).split("\\R")) {
                        Matcher bundled = BUNDLED.matcher(line);
                        if (bundled.matches()) {
                            packages.add(purl(bundled.group(1), bundled.group(2), bundled.group(3)));
                        }
                    }
                } else if (MAVEN.matcher(entry.getName()).matches()) {
                    Properties maven = new Properties();
                    maven.load(new StringReader(text(zip, entry)));
                    packages.add(purl(
                            maven.getProperty("groupId"),
                            maven.getProperty("artifactId"),
                            maven.getProperty("version")));
                }
            }
        }
        packages.removeIf(purl -> purl.startsWith("pkg:maven/io.couplet/"));
        return packages;
    }

    private static String text(ZipFile zip, ZipEntry entry) throws IOException {
        return new String(zip.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8);
    }

    private static String purl(String group, String artifact, String version) {
        return "pkg:maven/" + group + "/" + artifact + "@" + version;
    }

    /** Ids by package, of packages that have any. */
    private Map<String, List<String>> found(List<String> packages) throws IOException, InterruptedException {
        Map<String, List<String>> found = new TreeMap<>();
        for (int from = 0; from < packages.size(); from += BATCH) {
            List<String> batch = packages.subList(from, Math.min(packages.size(), from + BATCH));
            ObjectNode question = JSON.createObjectNode();
            ArrayNode queries = question.putArray("queries");
            batch.forEach(purl -> queries.addObject().putObject("package").put("purl", purl));
            JsonNode results = post("/v1/querybatch", question).path("results");
            if (results.size() != batch.size()) {
                throw new IOException("the database answered " + results.size() + " of " + batch.size() + " questions");
            }
            for (int i = 0; i < batch.size(); i++) {
                for (JsonNode vulnerability : results.get(i).path("vulns")) {
                    found.computeIfAbsent(batch.get(i), purl -> new ArrayList<>())
                            .add(vulnerability.path("id").asText());
                }
                if (results.get(i).has("next_page_token")) {
                    throw new IOException(batch.get(i) + " has more vulnerabilities than one answer holds");
                }
            }
        }
        return found;
    }

    private static String reason(JsonNode vulnerability, Map<String, String> accepted) {
        String reason = accepted.get(vulnerability.path("id").asText());
        for (JsonNode alias : vulnerability.path("aliases")) {
            reason = reason == null ? accepted.get(alias.asText()) : reason;
        }
        return reason;
    }

    private static String names(JsonNode vulnerability) {
        StringBuilder names = new StringBuilder(vulnerability.path("id").asText());
        vulnerability.path("aliases").forEach(alias -> names.append(' ').append(alias.asText()));
        return names.toString();
    }

    private static String fixedIn(JsonNode vulnerability, String purl) {
        TreeSet<String> versions = new TreeSet<>();
        String[] parts = purl.replaceFirst("^pkg:maven/", "").replaceFirst("@.*", "").split("/");
        for (JsonNode affected : vulnerability.path("affected")) {
            if (affected.path("package").path("name").asText().equals(String.join(":", parts))) {
                affected.findValues("fixed").forEach(version -> versions.add(version.asText()));
            }
        }
        return versions.isEmpty() ? "no version yet" : String.join(", ", versions);
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        return answer(HttpRequest.newBuilder(URI.create(api + path)));
    }

    private JsonNode post(String path, JsonNode body) throws IOException, InterruptedException {
        return answer(HttpRequest.newBuilder(URI.create(api + path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body))));
    }

    private JsonNode answer(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response;
        try {
            response = client.send(
                    request.timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IOException(api + " cannot be reached (" + e.getClass().getSimpleName() + ")", e);
        }
        if (response.statusCode() != 200) {
            throw new IOException(api + " answered with status " + response.statusCode());
        }
        return JSON.readTree(response.body());
    }
}
