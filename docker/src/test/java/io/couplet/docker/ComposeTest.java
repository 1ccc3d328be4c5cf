package io.couplet.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** {@code docker/compose.yaml}, its anchors and merges followed. */
class ComposeTest {

    /** Whoever reaches Flink's REST interface runs code: a web page that is open on this machine reaches what is published. */
    @Test
    void flinkIsReachedFromWithinItsNetworkAlone() throws IOException {
        assertThat(services()).containsKeys("jobmanager", "taskmanager", "jobs");
        for (String service : List.of("jobmanager", "taskmanager", "jobs")) {
            assertThat(service(service)).as(service).doesNotContainKey("ports");
        }
    }

    @Test
    void whatIsPublishedIsForThisMachineAlone() throws IOException {
        List<String> published = new ArrayList<>();
        for (String service : services().keySet()) {
            list(service, "ports").forEach(port -> published.add(port.toString()));
        }
        assertThat(published).hasSize(7).allMatch(port -> port.startsWith("127.0.0.1:"));
    }

    @Test
    void trainersReadTheDataSetsAndNothingElseThatARequestNames() throws IOException {
        assertThat(Files.readString(Checkout.ROOT.resolve("docker/trainer/Dockerfile")))
                .containsPattern("ENV .*COUPLET_DATA_ROOT=/datasets")
                .containsPattern("mkdir -p .* /datasets ");
        for (String trainer : List.of("trainer", "trainer-gpu")) {
            assertThat(list(trainer, "volumes"))
                    .as(trainer)
                    .anyMatch(volume -> volume.toString().endsWith(":/datasets:ro"));
            assertThat(environment(trainer)).as(trainer).doesNotContainKey("COUPLET_DATA_ROOT");
        }
    }

    @SuppressWarnings("unchecked") // YAML's own kinds
    private static Map<String, Object> services() throws IOException {
        Yaml yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
        Map<String, Object> compose = yaml.load(Files.readString(Checkout.ROOT.resolve("docker/compose.yaml")));
        return (Map<String, Object>) Objects.requireNonNull(compose.get("services"));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> service(String name) throws IOException {
        return (Map<String, Object>) Objects.requireNonNull(services().get(name), name);
    }

    private static List<?> list(String service, String key) throws IOException {
        return (List<?>) service(service).getOrDefault(key, List.of());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> environment(String service) throws IOException {
        return (Map<String, Object>) service(service).getOrDefault("environment", Map.of());
    }
}
