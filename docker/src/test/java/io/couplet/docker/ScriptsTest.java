package io.couplet.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docker/build}, {@code up}, {@code compose} and {@code down}, in a copy of theirs and with a {@code docker} that writes down what it is asked for. */
class ScriptsTest {

    /** Has every image but those of a registry; its compose is the version in the file beside it. */
    private static final String DOCKER = """
            #!/usr/bin/env bash
            here=$(dirname "${BASH_SOURCE[0]}")
            echo "docker $*" >>"$here/asked"
            case "$*" in
              "compose version --short") cat "$here/version" ;;
              "pull "*) exit 1 ;;
              "image inspect apicurio"* | "image inspect prom/"* | "image inspect apache/"*) exit 1 ;;
              "compose ps") printf '%s\\n' "$COMPOSE_PROJECT_NAME" "$DASHBOARD_PORT" "$COUPLET_DATASETS" "$KAFKA_IMAGE" "[$COUPLET_SCHEMA_REGISTRY]" ;;
            esac
            """;

    @TempDir
    Path root;

    @BeforeEach
    void copyScripts() throws Exception {
        Files.createDirectories(root.resolve("docker/secrets"));
        for (String script : List.of("build", "up", "compose", "down", "base-image.sh", "compose.yaml", ".env")) {
            Files.copy(
                    Checkout.ROOT.resolve("docker").resolve(script),
                    root.resolve("docker").resolve(script));
        }
        for (String image : List.of("couplet", "trainer", "stopper", "dashboard", "flink", "kafka")) {
            write("docker/" + image + "/Dockerfile", "");
        }
        write("couplet", "#!/bin/sh\n");
        write("cli/command/target/couplet/built", "");
        write("stream-analytics/flink-jobs/target/couplet-flink-jobs-1-job.jar", "");
        write("bin/docker", DOCKER);
        write("bin/version", "2.26.1\n");
    }

    @Test
    void imagesAreNamedAsEnvSaysAndTheShellGoesFirst() throws Exception {
        env("COUPLET_PREFIX=couplet/", "COUPLET_PREFIX=registry.example.org/couplet/");
        env("COUPLET_TAG=latest", "COUPLET_TAG=7");
        run(0, Map.of(), "docker/build", "trainer");
        run(0, Map.of("COUPLET_TAG", "8"), "docker/build", "trainer");
        assertThat(asked())
                .contains("-t registry.example.org/couplet/trainer:7 ", "-t registry.example.org/couplet/trainer:8 ");
    }

    @Test
    void jarsOfTwoVersionsAreNotChosenFrom() throws Exception {
        write("stream-analytics/flink-jobs/target/couplet-flink-jobs-2-job.jar", "");
        assertThat(run(2, Map.of(), "docker/build", "flink"))
                .contains("several versions")
                .contains("remove the old ones");
    }

    @Test
    void whatTheShellChoseForUpHoldsForLaterCommandsUnlessTheirsSaysOtherwise() throws Exception {
        run(
                0,
                Map.of(
                        "COMPOSE_PROJECT_NAME",
                        "other",
                        "DASHBOARD_PORT",
                        "18080",
                        "COUPLET_DATASETS",
                        "/my images/{a}"),
                "docker/up");
        assertThat(run(0, Map.of(), "docker/compose", "ps").lines())
                .containsExactly("other", "18080", "/my images/{a}", "couplet/kafka:latest", "[]");
        assertThat(run(0, Map.of("DASHBOARD_PORT", "1"), "docker/compose", "ps").lines())
                .contains("other", "1");
    }

    @Test
    void aRegistryElsewhereIsKeptWithoutOneOfOurs() throws Exception {
        run(0, Map.of("COUPLET_SCHEMA_REGISTRY", "https://schemas.example.org"), "docker/up");
        assertThat(run(0, Map.of(), "docker/compose", "ps")).contains("[https://schemas.example.org]");
    }

    @Test
    void whatIsMissingIsSaidInOneSentence() throws Exception {
        assertThat(run(2, Map.of("COMPOSE_PROFILES", "cpu,alerts"), "docker/up"))
                .endsWith("set COUPLET_ALERTS_URL.\n");
        write("bin/version", "v2.17.3\n");
        assertThat(run(2, Map.of(), "docker/up"))
                .isEqualTo("up: docker compose is v2.17.3: install the compose plugin 2.20 or newer.\n");
    }

    private String run(int code, Map<String, String> environment, String... command) throws Exception {
        Map<String, String> all = new HashMap<>(environment);
        all.put("PATH", root.resolve("bin") + ":" + System.getenv("PATH"));
        all.put("BASE_IMAGE", "base");
        List<String> absolute = new ArrayList<>(List.of(command));
        absolute.set(0, root.resolve(command[0]).toString());
        Ended ended = Ended.of(all, absolute);
        assertThat(ended.code()).as(ended.output()).isEqualTo(code);
        return ended.output();
    }

    private String asked() throws IOException {
        return Files.readString(root.resolve("bin/asked"));
    }

    private void env(String from, String to) throws IOException {
        Path file = root.resolve("docker/.env");
        Files.writeString(file, Files.readString(file).replace(from, to));
    }

    private void write(String file, String content) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
        assertThat(path.toFile().setExecutable(true)).isTrue();
    }
}
