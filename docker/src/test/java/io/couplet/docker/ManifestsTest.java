package io.couplet.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.flink.kubernetes.operator.api.FlinkDeployment;
import org.apache.flink.kubernetes.operator.api.spec.JobState;
import org.apache.flink.kubernetes.operator.api.spec.UpgradeMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Kubernetes manifests, as the Flink Operator's and fabric8's own classes read them. */
class ManifestsTest {

    private static final Path KUBERNETES = Checkout.ROOT.resolve("docker/kubernetes");
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    /** What Kustomize itself reads. */
    private static final Set<String> KUSTOMIZE = Set.of("kustomization.yaml", "kustomize-fields.yaml");
    /** Made outside of the manifests, as docker/README.md says; and {@value KAFKA_SECRET} with a service's name behind it. */
    private static final Set<String> SECRETS = Set.of("couplet-dashboard", "couplet-alerts");

    private static final String KAFKA_SECRET = "couplet-kafka-";

    @Test
    void everyManifestHasOnlyFieldsThatExist() throws IOException {
        for (String folder : List.of("storage", "base", "alerts")) {
            for (Path file : manifests(folder)) {
                assertThat(Manifests.read(Files.readString(file)))
                        .as(file.getFileName().toString())
                        .isNotEmpty();
            }
        }
        String patch = Files.readString(KUBERNETES.resolve("gpu/trainer.yaml"));
        // Kustomize's own word for what is to go.
        assertThat(Manifests.read(patch.replace(", $patch: delete", ""))).hasSize(1);
    }

    @ParameterizedTest(name = "{1} in {0}")
    @CsvSource({
        "base/trainer.yaml,           'replicas: 2',               'replica: 2'",
        "base/trainer.yaml,           'periodSeconds: 5',          'periodSecond: 5'",
        "base/trainer.yaml,           'podManagementPolicy:',      'managementPolicy:'",
        "base/trainer.yaml,           'maxUnavailable: 1',         'maxUnavailables: 1'",
        "base/trainer.yaml,           'mountPath: /checkpoints',   'path: /checkpoints'",
        "base/dashboard.yaml,         'targetPort: http',          'targetport: http'",
        "base/topics.yaml,            'backoffLimit: 10',          'backOffLimit: 10'",
        "base/network-policy.yaml,    'policyTypes:',             'policyType:'",
        "base/network-policy.yaml,    'podSelector:',             'pods:'",
        "storage/claims.yaml,         'accessModes:',              'accessMode:'",
        "base/flink-convergence.yaml, 'entryClass:',               'mainClass:'",
        "base/flink-convergence.yaml, 'upgradeMode: last-state',   'upgradeMode: newest-state'",
        "base/flink-convergence.yaml, 'serviceAccount:',           'serviceAccountName:'",
        "base/flink-convergence.yaml, 'flinkVersion: v2_2',        'flinkVersion: v9_9'",
        "base/flink-coupling.yaml,    'containerPort: 9249',       'port: 9249'",
        "base/flink-coupling.yaml,    'resource: { cpu: 2, memory: 2g }', 'resources: { cpu: 2, memory: 2g }'",
    })
    void aWrongFieldFails(String file, String right, String wrong) throws IOException {
        String manifest = Files.readString(KUBERNETES.resolve(file));
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
                    .containsKeys("high-availability.type", "high-availability.storageDir")
                    .containsEntry("kubernetes.operator.job.restart.failed", "true");
        }
    }

    @Test
    void everythingRunsAsNobodyWithoutPrivileges() throws IOException {
        assertThat(pods()).hasSize(7);
        for (PodTemplateSpec pod : pods()) {
            assertThat(pod.getSpec().getSecurityContext().getRunAsNonRoot()).isTrue();
            assertThat(pod.getSpec().getSecurityContext().getSeccompProfile().getType())
                    .isEqualTo("RuntimeDefault");
            for (Container container : pod.getSpec().getContainers()) {
                assertThat(container.getSecurityContext().getAllowPrivilegeEscalation())
                        .isFalse();
                assertThat(container.getSecurityContext().getCapabilities().getDrop())
                        .containsExactly("ALL");
            }
        }
    }

    @Test
    void everyServiceHasAHealthCheckALimitAndMetricsThatAreFound() throws IOException {
        List<PodTemplateSpec> services = pods().stream()
                .filter(pod -> pod.getSpec().getContainers().stream()
                        .noneMatch(container -> container.getName().equals("topics")))
                .toList();
        assertThat(services).hasSize(6);
        for (PodTemplateSpec service : services) {
            Container container = service.getSpec().getContainers().get(0);
            // The Operator makes what the Flink jobs' pods have of these.
            if (!container.getName().equals("flink-main-container")) {
                assertThat(container.getLivenessProbe()).isNotNull();
                assertThat(container.getStartupProbe()).isNotNull();
                assertThat(container.getResources().getLimits()).containsKey("memory");
            }
            assertThat(service.getMetadata().getAnnotations())
                    .containsEntry("prometheus.io/scrape", "true")
                    .containsEntry("prometheus.io/path", "/metrics")
                    .containsEntry(
                            "prometheus.io/port",
                            String.valueOf(container.getPorts().get(0).getContainerPort()));
        }
    }

    @Test
    void whatIsNamedIsThere() throws IOException {
        Set<String> claims = names("storage", PersistentVolumeClaim.class);
        StatefulSet trainers = all("base", StatefulSet.class).get(0);
        assertThat(names("base", Service.class)).contains(trainers.getSpec().getServiceName());
        String templated = trainers.getSpec()
                .getVolumeClaimTemplates()
                .get(0)
                .getMetadata()
                .getName();
        JsonNode kustomization =
                YAML.readTree(KUBERNETES.resolve("base/kustomization.yaml").toFile());
        String generated = kustomization.at("/configMapGenerator/0/name").asText();
        for (PodTemplateSpec pod : pods()) {
            Set<String> volumes = new TreeSet<>(Set.of(templated));
            pod.getSpec().getVolumes().forEach(volume -> {
                volumes.add(volume.getName());
                if (volume.getPersistentVolumeClaim() != null) {
                    assertThat(claims)
                            .contains(volume.getPersistentVolumeClaim().getClaimName());
                }
                if (volume.getSecret() != null) {
                    assertThat(volume.getSecret().getSecretName())
                            .matches(name -> name.startsWith(KAFKA_SECRET) || SECRETS.contains(name));
                }
            });
            for (Container container : pod.getSpec().getContainers()) {
                container.getVolumeMounts().forEach(mount -> assertThat(volumes).contains(mount.getName()));
                container
                        .getEnvFrom()
                        .forEach(from ->
                                assertThat(from.getConfigMapRef().getName()).isEqualTo(generated));
            }
        }
    }

    @Test
    void eachServiceHoldsTheKafkaUserOfItsOwnAndNoOther() throws IOException {
        List<HasMetadata> workloads = new ArrayList<>(all("base", HasMetadata.class));
        workloads.addAll(all("alerts", HasMetadata.class));
        String acls = Files.readString(Checkout.ROOT.resolve("docs/security-kafka.md"));
        String guide = Files.readString(Checkout.ROOT.resolve("docker/README.md"));
        Set<String> services = new TreeSet<>();
        for (HasMetadata workload : workloads) {
            String service = workload.getMetadata().getName().replaceFirst("^couplet-", "");
            for (PodTemplateSpec pod : pods(List.of(workload))) {
                services.add(service);
                assertThat(pod.getSpec().getVolumes())
                        .filteredOn(volume -> volume.getSecret() != null)
                        .extracting(volume -> volume.getSecret().getSecretName())
                        .filteredOn(secret -> secret.startsWith("couplet-kafka"))
                        .containsExactly(KAFKA_SECRET + service);
            }
        }
        assertThat(services).allSatisfy(service -> assertThat(acls).contains("\n| `" + service + "` |"));
        assertThat(guide).contains("for service in topics trainer stopper dashboard convergence coupling alerts; do");
        assertThat(services)
                .containsExactlyInAnyOrder(
                        "topics", "trainer", "stopper", "dashboard", "convergence", "coupling", "alerts");
    }

    /** Whoever reaches a JobManager runs code. */
    @Test
    void flinksPodsAreReachedByTheirOwnTheOperatorAndPrometheusAlone() throws IOException {
        List<NetworkPolicy> policies = all("base", NetworkPolicy.class);
        assertThat(names("base", NetworkPolicy.class)).isEqualTo(names("base", FlinkDeployment.class));
        for (NetworkPolicy policy : policies) {
            // The label that Flink gives to the pods of a deployment.
            Map<String, String> own = Map.of("app", policy.getMetadata().getName());
            assertThat(policy.getSpec().getPolicyTypes()).containsExactly("Ingress");
            assertThat(policy.getSpec().getPodSelector().getMatchLabels()).isEqualTo(own);
            List<NetworkPolicyIngressRule> rules = policy.getSpec().getIngress();
            assertThat(rules).hasSize(3);

            assertThat(rules.get(0).getPorts()).isEmpty();
            assertThat(rules.get(0).getFrom()).singleElement().satisfies(from -> {
                assertThat(from.getPodSelector().getMatchLabels()).isEqualTo(own);
                assertThat(from.getNamespaceSelector()).isNull();
            });
            assertThat(rules.get(1).getFrom()).singleElement().satisfies(from -> {
                assertThat(from.getPodSelector().getMatchLabels()).isNotEmpty();
                assertThat(from.getNamespaceSelector().getMatchLabels())
                        .containsOnlyKeys("kubernetes.io/metadata.name");
            });
            assertThat(ports(rules.get(1))).containsExactly(8081);
            assertThat(rules.get(2).getFrom()).isEmpty();
            assertThat(ports(rules.get(2))).containsExactly(9249);
        }
        assertThat(all("base", FlinkDeployment.class))
                .allSatisfy(deployment -> assertThat(deployment
                                .getSpec()
                                .getPodTemplate()
                                .getMetadata()
                                .getAnnotations())
                        .containsEntry("prometheus.io/port", "9249"));
    }

    @Test
    void trainersSeeTheDataSetsWhereTheirImageLooksForThem() throws IOException {
        Container trainer = all("base", StatefulSet.class)
                .get(0)
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .get(0);
        assertThat(trainer.getVolumeMounts())
                .filteredOn(mount -> mount.getName().equals("datasets"))
                .singleElement()
                .satisfies(mount -> {
                    assertThat(mount.getMountPath()).isEqualTo("/datasets");
                    assertThat(mount.getReadOnly()).isTrue();
                });
    }

    @Test
    void everyServiceAndEveryBudgetFindsItsPods() throws IOException {
        List<Map<String, String>> selectors = new ArrayList<>();
        all("base", Service.class)
                .forEach(service -> selectors.add(service.getSpec().getSelector()));
        all("base", PodDisruptionBudget.class)
                .forEach(budget -> selectors.add(budget.getSpec().getSelector().getMatchLabels()));
        assertThat(selectors).hasSize(4);
        for (Map<String, String> selector : selectors) {
            assertThat(pods())
                    .filteredOn(pod -> pod.getMetadata().getLabels() != null)
                    .anySatisfy(pod -> assertThat(pod.getMetadata().getLabels()).containsAllEntriesOf(selector));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"storage", "base", "alerts"})
    void everyManifestIsInTheKustomization(String folder) throws IOException {
        JsonNode kustomization = YAML.readTree(
                KUBERNETES.resolve(folder).resolve("kustomization.yaml").toFile());
        List<String> listed = new ArrayList<>();
        kustomization.get("resources").forEach(resource -> listed.add(resource.asText()));
        assertThat(manifests(folder))
                .extracting(file -> file.getFileName().toString())
                .filteredOn(file -> !file.equals("fill.yaml")) // for a while, by hand
                .containsExactlyInAnyOrderElementsOf(listed);
    }

    @Test
    void whatIsDeletedWithTheWorkloadsHoldsNothing() throws Exception {
        assertThat(Manifests.read(kustomized("base")))
                .extracting(HasMetadata::getKind)
                .doesNotContain("Namespace", "PersistentVolumeClaim");
    }

    @Test
    void withGpusATrainerAsksForOne() throws Exception {
        Container trainer = pods(Manifests.read(kustomized("gpu"))).stream()
                .map(pod -> pod.getSpec().getContainers().get(0))
                .filter(container -> container.getName().equals("trainer"))
                .findFirst()
                .orElseThrow();
        assertThat(trainer.getImage()).isEqualTo("couplet/trainer-gpu:latest");
        assertThat(trainer.getResources().getLimits()).containsEntry("nvidia.com/gpu", new Quantity("1"));
        assertThat(trainer.getEnv())
                .extracting(EnvVar::getName, EnvVar::getValue)
                .contains(tuple("COUPLET_DEVICES", "gpu"))
                .doesNotContain(tuple("COUPLET_SLOTS", "2"));
        assertThat(trainer.getStartupProbe().getFailureThreshold()).isEqualTo(360);
        assertThat(trainer.getVolumeMounts()).hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"storage", "base", "gpu"})
    void whatKustomizeRendersHasOnlyFieldsThatExist(String folder) throws Exception {
        assertThat(Manifests.read(kustomized(folder))).hasSizeGreaterThan(3).allSatisfy(resource -> {
            if (!resource.getKind().equals("Namespace")) {
                assertThat(resource.getMetadata().getNamespace()).isEqualTo("couplet");
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "gpu"})
    void everyImageAndTheSettingsAreNamedWhereTheyAre(String folder, @TempDir Path copy) throws Exception {
        Path kubernetes = copy.resolve("kubernetes");
        Ended copied = Ended.of(Map.of(), List.of("cp", "-R", KUBERNETES.toString(), kubernetes.toString()));
        assertThat(copied.code()).as(copied.output()).isZero();
        for (String named : List.of("base", "gpu")) {
            Path file = kubernetes.resolve(named).resolve("kustomization.yaml");
            Files.writeString(
                    file,
                    Files.readString(file)
                            .replaceAll(
                                    "- name: couplet/(.*)\n *newTag: latest",
                                    "- name: couplet/$1\n    newName: registry.example.org/$1\n    newTag: \"7\"")
                            .replace("# components:\n#   - ../alerts", "components:\n  - ../alerts"));
        }
        List<HasMetadata> rendered = Manifests.read(kustomized(kubernetes.resolve(folder)));
        List<String> images = new ArrayList<>();
        pods(rendered)
                .forEach(pod -> pod.getSpec()
                        .getContainers()
                        .forEach(container ->
                                Optional.ofNullable(container.getImage()).ifPresent(images::add)));
        flinkJobs(rendered).forEach(job -> images.add(job.getSpec().getImage()));
        assertThat(images)
                .hasSize(7)
                .allSatisfy(image -> assertThat(image).matches("registry\\.example\\.org/[a-z-]+:7"));
        assertThat(images).contains("registry.example.org/flink-operator:7");
        if (folder.equals("gpu")) {
            assertThat(images).contains("registry.example.org/trainer-gpu:7");
        }

        String settings = rendered.stream()
                .filter(resource -> resource.getKind().equals("ConfigMap"))
                .map(resource -> resource.getMetadata().getName())
                .findFirst()
                .orElseThrow();
        assertThat(settings).startsWith("couplet-");
        assertThat(pods(rendered))
                .hasSize(7)
                .allSatisfy(pod -> assertThat(
                                pod.getSpec().getContainers().get(0).getEnvFrom())
                        .singleElement()
                        .satisfies(from ->
                                assertThat(from.getConfigMapRef().getName()).isEqualTo(settings)));
    }

    private static List<Integer> ports(NetworkPolicyIngressRule rule) {
        return rule.getPorts().stream().map(port -> port.getPort().getIntVal()).toList();
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

    private static <T extends HasMetadata> Set<String> names(String folder, Class<T> type) throws IOException {
        Set<String> names = new TreeSet<>();
        all(folder, type).forEach(resource -> names.add(resource.getMetadata().getName()));
        return names;
    }

    /** What every pod of the workloads is made of, alerts among them. */
    private static List<PodTemplateSpec> pods() throws IOException {
        List<HasMetadata> resources = new ArrayList<>(all("base", HasMetadata.class));
        resources.addAll(all("alerts", HasMetadata.class));
        return pods(resources);
    }

    private static List<PodTemplateSpec> pods(List<HasMetadata> resources) {
        List<PodTemplateSpec> pods = new ArrayList<>();
        for (HasMetadata resource : resources) {
            if (resource instanceof Deployment deployment) {
                pods.add(deployment.getSpec().getTemplate());
            } else if (resource instanceof StatefulSet set) {
                pods.add(set.getSpec().getTemplate());
            } else if (resource instanceof Job job) {
                pods.add(job.getSpec().getTemplate());
            }
        }
        flinkJobs(resources).forEach(job -> pods.add(job.getSpec().getPodTemplate()));
        return pods;
    }

    private static List<FlinkDeployment> flinkJobs(List<HasMetadata> resources) {
        return resources.stream()
                .filter(FlinkDeployment.class::isInstance)
                .map(FlinkDeployment.class::cast)
                .toList();
    }

    private static String kustomized(String folder) throws IOException, InterruptedException {
        return kustomized(KUBERNETES.resolve(folder));
    }

    private static String kustomized(Path folder) throws IOException, InterruptedException {
        Optional<Ended> rendered = Ended.ofIfThere("kubectl", "kustomize", folder.toString());
        assumeTrue(rendered.isPresent(), "there is no kubectl to render the manifests with");
        assertThat(rendered.get().code()).as(rendered.get().output()).isZero();
        return rendered.get().output();
    }
}
