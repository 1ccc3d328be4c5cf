package io.couplet.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.RestartPolicy;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.StudySummary;
import io.couplet.view.model.ViewModel;
import io.couplet.view.report.ReportReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;

/**
 * The whole of Couplet in containers on a network of their own: a Kafka broker, Flink with both jobs, two trainers, the stopper and the page.
 *
 * <p>The broker is on a second network too, through which the tests read the topics while it is cut off from everybody else.
 */
final class Containers implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final String BROKER = "kafka";
    private static final String BOOTSTRAP = BROKER + ":9092";
    /** A trainer that finds the empty file which a predecessor without a disk left in the spool, as it would begin in Kubernetes. */
    private static final String AFTER_A_CRASH =
            "mkdir -p spool; [ -e spool/records-0000000000.avro ] || : >spool/records-0000000000.avro; exec /opt/couplet/couplet trainer";

    private final Network inside = Network.newNetwork();
    private final Network outside = Network.newNetwork();
    private final List<GenericContainer<?>> started = new ArrayList<>();
    private final DockerClient docker = DockerClientFactory.lazyClient();
    private final Path datasets;
    private final String reachable;
    private final GenericContainer<?> broker;
    private final List<GenericContainer<?>> trainers = new ArrayList<>();

    /**
     * Starts everything and returns when every container says of itself that it is well.
     *
     * @param datasets seen by trainers and by the command as {@code /datasets}
     */
    Containers(Path datasets) throws IOException {
        this.datasets = datasets;
        int port = freePort();
        reachable = "127.0.0.1:" + port;
        broker = broker(port);
        started.add(broker);
        broker.start();
        docker.connectToNetworkCmd()
                .withNetworkId(inside.getId())
                .withContainerId(broker.getContainerId())
                .withContainerNetwork(new ContainerNetwork().withAliases(BROKER))
                .exec();
        couplet("topics", "create", "--replication-factor", "1");
        List<GenericContainer<?>> services = new ArrayList<>(List.of(
                service("flink", "jobmanager").withNetworkAliases("jobmanager"),
                service("flink", "taskmanager"),
                service("flink", "jobs", "--parallelism", "1"),
                service("stopper"),
                service("dashboard").withEnv("COUPLET_TOKEN", "only-for-this-test-0123456789")));
        for (int trainer = 1; trainer <= 2; trainer++) {
            trainers.add(service("trainer")
                    .withEnv("COUPLET_DEVICES", "cpu")
                    .withEnv("COUPLET_SLOTS", "1")
                    .withCreateContainerCmdModifier(this::withDatasets)
                    .withCreateContainerCmdModifier(create -> create.withEntrypoint("bash", "-c", AFTER_A_CRASH)));
        }
        services.addAll(trainers);
        started.addAll(services);
        Startables.deepStart(services).join();
    }

    private GenericContainer<?> broker(int port) {
        Map<String, String> settings = new HashMap<>();
        settings.put("CLUSTER_ID", "Q291cGxldENvdXBsZXRDbw");
        settings.put("KAFKA_NODE_ID", "1");
        settings.put("KAFKA_PROCESS_ROLES", "broker,controller");
        settings.put("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@127.0.0.1:9093");
        settings.put("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER");
        settings.put("KAFKA_INTER_BROKER_LISTENER_NAME", "INSIDE");
        settings.put("KAFKA_LISTENERS", "INSIDE://:9092,CONTROLLER://:9093,OUTSIDE://:19092");
        settings.put("KAFKA_ADVERTISED_LISTENERS", "INSIDE://" + BOOTSTRAP + ",OUTSIDE://" + reachable);
        settings.put("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT");
        settings.put("KAFKA_LOG_DIRS", "/var/lib/kafka/data");
        settings.put("KAFKA_HEAP_OPTS", "-Xmx512m");
        for (String topic : List.of("OFFSETS_TOPIC", "TRANSACTION_STATE_LOG", "SHARE_COORDINATOR_STATE_TOPIC")) {
            settings.put("KAFKA_" + topic + "_REPLICATION_FACTOR", "1");
            settings.put("KAFKA_" + topic + "_NUM_PARTITIONS", "1");
        }
        settings.put("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1");
        settings.put("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR", "1");
        settings.put("KAFKA_INITIAL_BROKER_REGISTRATION_TIMEOUT_MS", "300000");
        settings.put("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0");
        settings.put("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false");
        GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(kafkaImage()))
                .withNetwork(outside)
                .withEnv(settings)
                .waitingFor(new HealthyOnceASecond().withStartupTimeout(PATIENCE));
        container.setPortBindings(List.of(reachable + ":19092"));
        return container;
    }

    /** The official image where it is here already or was named; ours, from Kafka's jars, elsewhere. */
    private static String kafkaImage() {
        return Optional.ofNullable(System.getenv("KAFKA_IMAGE")).orElse(Engine.image("kafka"));
    }

    private GenericContainer<?> service(String name, String... arguments) {
        return new GenericContainer<>(DockerImageName.parse(Engine.image(name)))
                .withNetwork(inside)
                .withEnv("COUPLET_BOOTSTRAP_SERVERS", BOOTSTRAP)
                .withCommand(arguments)
                // As in compose.yaml: a TaskManager that finds no JobManager in time, on a machine that is too busy,
                // ends.
                .withCreateContainerCmdModifier(create -> Objects.requireNonNull(create.getHostConfig())
                        .withRestartPolicy(RestartPolicy.unlessStoppedRestart()))
                .waitingFor(new HealthyOnceASecond().withStartupTimeout(PATIENCE));
    }

    private void withDatasets(CreateContainerCmd create) {
        Objects.requireNonNull(create.getHostConfig()).withBinds(Bind.parse(datasets + ":/datasets:ro"));
    }

    /** Runs the command in a container of its own until it ends, and returns what it wrote to stdout. */
    String couplet(String... arguments) {
        try (GenericContainer<?> command = new GenericContainer<>(DockerImageName.parse(Engine.image("couplet")))
                .withNetwork(inside)
                .withEnv("COUPLET_BOOTSTRAP_SERVERS", BOOTSTRAP)
                .withCommand(arguments)
                .withCreateContainerCmdModifier(this::withDatasets)
                .withStartupCheckStrategy(new OneShotStartupCheckStrategy().withTimeout(PATIENCE))) {
            command.start();
            return command.getLogs(OutputFrame.OutputType.STDOUT);
        }
    }

    String broker() {
        return broker.getContainerId();
    }

    String trainer(int index) {
        return trainers.get(index).getContainerId();
    }

    /** SIGTERM, as {@code docker stop} sends it; then it is started again. */
    void stop(String container) {
        docker.stopContainerCmd(container).withTimeout(60).exec();
    }

    void startAgain(String container) {
        docker.startContainerCmd(container).exec();
    }

    void pause(String container) {
        docker.pauseContainerCmd(container).exec();
    }

    void thaw(String container) {
        docker.unpauseContainerCmd(container).exec();
    }

    void cutOff(String container) {
        docker.disconnectFromNetworkCmd()
                .withNetworkId(inside.getId())
                .withContainerId(container)
                .exec();
    }

    void connectAgain(String container) {
        ContainerNetwork network = new ContainerNetwork();
        if (container.equals(broker())) {
            network = network.withAliases(BROKER);
        }
        docker.connectToNetworkCmd()
                .withNetworkId(inside.getId())
                .withContainerId(container)
                .withContainerNetwork(network)
                .exec();
    }

    /** What the topics say of a study now; empty while nothing of it is there or Kafka does not answer. */
    Optional<StudySnapshot> study(String name) {
        ViewModel model;
        try {
            model = ReportReader.read(reachable, Map.of(), Duration.ofSeconds(10));
        } catch (RuntimeException e) { // the broker is away, as some tests want it to be
            return Optional.empty();
        }
        return model.studies().stream()
                .filter(study -> study.name().equals(name))
                .map(StudySummary::id)
                .map(model::snapshot)
                .findFirst();
    }

    /** Distinct steps that the newest convergence scores of a study's runs are made of. */
    long stepsScored(String studyId) {
        Map<String, Long> seen = new HashMap<>();
        Map<String, Object> settings = Map.of("bootstrap.servers", reachable, "auto.offset.reset", "earliest");
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(Topics.CONVERGENCE_SCORES.name()).stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    ConvergenceScore score = Topics.CONVERGENCE_SCORES.wire().decode(record.value());
                    if (score.getStudyId().equals(studyId)) {
                        seen.put(score.getRunId(), score.getStepsSeen());
                    }
                }
            }
        }
        return seen.values().stream().mapToLong(Long::longValue).sum();
    }

    /** The last lines of every container. */
    String logs(int most) {
        StringBuilder all = new StringBuilder();
        for (GenericContainer<?> container : started) {
            String[] lines = container.getLogs().split("\n");
            all.append("== ").append(container.getDockerImageName()).append('\n');
            for (int line = Math.max(0, lines.length - most); line < lines.length; line++) {
                all.append(lines[line]).append('\n');
            }
        }
        return all.toString();
    }

    @Override
    public void close() {
        for (int container = started.size() - 1; container >= 0; container--) {
            started.get(container).stop();
        }
        inside.close();
        outside.close();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
