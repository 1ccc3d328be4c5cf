package io.couplet.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.flink.kubernetes.operator.api.FlinkDeployment;
import org.apache.flink.kubernetes.operator.api.spec.JobState;
import org.apache.flink.kubernetes.operator.api.spec.UpgradeMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The Kubernetes manifests, as the Flink Operator's and fabric8's own classes read them. */
class ManifestsTest {

    private static final Path KUBERNETES = Checkout.ROOT.resolve("docker/kubernetes");
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    /** What Kustomize itself reads. */
    private static final Set<String> KUSTOMIZE = Set.of("kustomization.yaml", "name-references.yaml");
    /** Made outside of the manifests, as docker/README.md says. */
    private static final Set<String> SECRETS = Set.of("couplet-kafka", "couplet-dashboard");

    @Test
    void everyManifestHasOnlyFieldsThatExist() throws IOException {
        for (Path file : manifests("base")) {
            assertThat(Manifests.read(Files.readString(file)))
                    .as(file.getFileName().toString())
                    .isNotEmpty();
        }
        assertThat(Manifests.read(Files.readString(KUBERNETES.resolve("gpu/trainer.yaml"))))
                .hasSize(1);
    }

    @ParameterizedTest(name = "{1} in {0}")
    @CsvSource({
        "trainer.yaml,           'replicas: 2',               'replica: 2'",
        "trainer.yaml,           'periodSeconds: 5',          'periodSecond: 5'",
        "trainer.yaml,           'mountPath: /checkpoints',   'path: /checkpoints'",
        "dashboard.yaml,         'targetPort: http',          'targetport: http'",
        "topics.yaml,            'backoffLimit: 10',          'backOffLimit: 10'",
        "storage.yaml,           'accessModes:',              'accessMode:'",
        "flink-convergence.yaml, 'entryClass:',               'mainClass:'",
        "flink-convergence.yaml, 'upgradeMode: last-state',   'upgradeMode: newest-state'",
        "flink-convergence.yaml, 'serviceAccount:',           'serviceAccountName:'",
        "flink-convergence.yaml, 'flinkVersion: v2_2',        'flinkVersion: v9_9'",
        "flink-coupling.yaml,    'containerPort: 9249',       'port: 9249'",
        "flink-coupling.yaml,    'resource: { cpu: 2, memory: 2g }', 'resources: { cpu: 2, memory: 2g }'",
    })
    void aWrongFieldFails(String file, String right, String wrong) throws IOException {
        String manifest = Files.readString(KUBERNETES.resolve("base").resolve(file));
        assertThat(manifest).contains(right);
        assertThatThrownBy(() -> Manifests.read(manifest.replace(right, wrong))).isInstanceOf(IOException.class);
    }

    @Test
    void bothJobsAreDeployedAndGoOnFromTheirLastState() throws IOException {
        List<FlinkDeployment> deployments = all("base", FlinkDeployment.class);
        assertThat(deployments)
                .extracting(deployment -> deployment.getSpec().getJob().getEntryClass())
                .containsExactlyInAnyOrder("io.couplet.flink.ConvergenceJob", "io.couplet.flink.CouplingJob");
        for (FlinkDeployment deployment : deployments) {
            assertThat(deployment.getSpec().getPodTemplate().getSpec().getContainers())
                    .singleElement()
                    .satisfies(container -> assertThat(container.getEnvFrom()).hasSize(1));
            var job = deployment.getSpec().getJob();
            assertThat(job.getState()).isEqualTo(JobState.RUNNING);
            assertThat(job.getUpgradeMode()).isEqualTo(UpgradeMode.LAST_STATE);
            assertThat(Checkout.ROOT.resolve("stream-analytics/flink-jobs/src/main/java/"
                            + job.getEntryClass().replace('.', '/') + ".java"))
                    .exists();
            assertThat(deployment.getSpec().getFlinkConfiguration())
                    .containsKeys("high-availability.type", "high-availability.storageDir");
        }
    }

    @Test
    void everyServiceRunsAsNobodyHasAHealthCheckAndALimit() throws IOException {
        List<Deployment> deployments = all("base", Deployment.class);
        assertThat(deployments)
                .extracting(deployment -> deployment.getMetadata().getName())
                .containsExactlyInAnyOrder("couplet-trainer", "couplet-stopper", "couplet-dashboard");
        for (Deployment deployment : deployments) {
            PodSpec pod = deployment.getSpec().getTemplate().getSpec();
            assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
            for (Container container : pod.getContainers()) {
                assertThat(container.getLivenessProbe()).isNotNull();
                assertThat(container.getStartupProbe()).isNotNull();
                assertThat(container.getSecurityContext().getAllowPrivilegeEscalation())
                        .isFalse();
                assertThat(container.getResources().getLimits()).containsKey("memory");
            }
        }
    }

    @Test
    void whatIsNamedIsThere() throws IOException {
        Set<String> claims = new TreeSet<>();
        List<PodSpec> pods = new ArrayList<>();
        for (HasMetadata resource : all("base", HasMetadata.class)) {
            if (resource.getKind().equals("PersistentVolumeClaim")) {
                claims.add(resource.getMetadata().getName());
            } else if (resource instanceof Deployment deployment) {
                pods.add(deployment.getSpec().getTemplate().getSpec());
            } else if (resource instanceof Job job) {
                pods.add(job.getSpec().getTemplate().getSpec());
            } else if (resource instanceof FlinkDeployment flink) {
                pods.add(flink.getSpec().getPodTemplate().getSpec());
            }
        }
        JsonNode kustomization =
                YAML.readTree(KUBERNETES.resolve("base/kustomization.yaml").toFile());
        String generated = kustomization.at("/configMapGenerator/0/name").asText();
        assertThat(pods).hasSize(6);
        for (PodSpec pod : pods) {
            Set<String> volumes = new TreeSet<>();
            pod.getVolumes().forEach(volume -> {
                volumes.add(volume.getName());
                if (volume.getPersistentVolumeClaim() != null) {
                    assertThat(claims)
                            .contains(volume.getPersistentVolumeClaim().getClaimName());
                }
                if (volume.getSecret() != null) {
                    assertThat(SECRETS).contains(volume.getSecret().getSecretName());
                }
            });
            for (Container container : pod.getContainers()) {
                container.getVolumeMounts().forEach(mount -> assertThat(volumes).contains(mount.getName()));
                container
                        .getEnvFrom()
                        .forEach(from ->
                                assertThat(from.getConfigMapRef().getName()).isEqualTo(generated));
            }
        }
    }

    @Test
    void everyServiceFindsItsPods() throws IOException {
        List<Deployment> deployments = all("base", Deployment.class);
        for (Service service : all("base", Service.class)) {
            assertThat(deployments)
                    .anySatisfy(deployment -> assertThat(deployment
                                    .getSpec()
                                    .getTemplate()
                                    .getMetadata()
                                    .getLabels())
                            .containsAllEntriesOf(service.getSpec().getSelector()));
        }
    }

    @Test
    void everyManifestIsInTheKustomization() throws IOException {
        JsonNode kustomization =
                YAML.readTree(KUBERNETES.resolve("base/kustomization.yaml").toFile());
        List<String> listed = new ArrayList<>();
        kustomization.get("resources").forEach(resource -> listed.add(resource.asText()));
        assertThat(manifests("base"))
                .extracting(file -> file.getFileName().toString())
                .containsExactlyInAnyOrderElementsOf(listed);
    }

    @Test
    void withGpusATrainerAsksForOne() throws Exception {
        List<HasMetadata> rendered = Manifests.read(kustomized("gpu"));
        Container trainer = rendered.stream()
                .filter(resource -> resource instanceof Deployment
                        && resource.getMetadata().getName().equals("couplet-trainer"))
                .map(resource -> ((Deployment) resource)
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .get(0))
                .findFirst()
                .orElseThrow();
        assertThat(trainer.getImage()).isEqualTo("couplet/trainer-gpu:latest");
        assertThat(trainer.getResources().getLimits()).containsEntry("nvidia.com/gpu", new Quantity("1"));
        assertThat(trainer.getEnv())
                .filteredOn(variable -> variable.getName().equals("COUPLET_DEVICES"))
                .extracting(variable -> variable.getValue())
                .containsExactly("auto");
        assertThat(trainer.getVolumeMounts()).hasSize(4);
    }

    @Test
    void whatKustomizeRendersHasOnlyFieldsThatExist() throws Exception {
        assertThat(Manifests.read(kustomized("base"))).hasSizeGreaterThan(12).allSatisfy(resource -> {
            if (!resource.getKind().equals("Namespace")) {
                assertThat(resource.getMetadata().getNamespace()).isEqualTo("couplet");
            }
        });
    }

    @Test
    void kustomizeNamesTheSettingsWhereTheyAre() throws Exception {
        List<HasMetadata> rendered = Manifests.read(kustomized("base"));
        String map = rendered.stream()
                .filter(resource -> resource.getKind().equals("ConfigMap"))
                .map(resource -> resource.getMetadata().getName())
                .findFirst()
                .orElseThrow();
        assertThat(map).startsWith("couplet-");
        assertThat(rendered)
                .filteredOn(FlinkDeployment.class::isInstance)
                .hasSize(2)
                .allSatisfy(resource -> assertThat(((FlinkDeployment) resource)
                                .getSpec()
                                .getPodTemplate()
                                .getSpec()
                                .getContainers())
                        .singleElement()
                        .satisfies(container -> assertThat(container.getEnvFrom())
                                .singleElement()
                                .satisfies(from -> assertThat(
                                                from.getConfigMapRef().getName())
                                        .isEqualTo(map))));
    }

    private static List<Path> manifests(String folder) throws IOException {
        try (Stream<Path> files = Files.list(KUBERNETES.resolve(folder))) {
            return files.filter(file -> !KUSTOMIZE.contains(file.getFileName().toString()))
                    .sorted()
                    .toList();
        }
    }

    private static <T extends HasMetadata> List<T> all(String folder, Class<T> type) throws IOException {
        List<T> found = new ArrayList<>();
        for (Path file : manifests(folder)) {
            Manifests.read(Files.readString(file)).stream()
                    .filter(type::isInstance)
                    .map(type::cast)
                    .forEach(found::add);
        }
        return found;
    }

    private static String kustomized(String folder) throws IOException, InterruptedException {
        Optional<Ended> rendered = Ended.ofIfThere(
                "kubectl", "kustomize", KUBERNETES.resolve(folder).toString());
        assumeTrue(rendered.isPresent(), "there is no kubectl to render the manifests with");
        assertThat(rendered.get().code()).as(rendered.get().output()).isZero();
        return rendered.get().output();
    }
}
