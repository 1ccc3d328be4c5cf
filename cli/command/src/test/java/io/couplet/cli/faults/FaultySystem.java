package io.couplet.cli.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.couplet.schemas.TopicCreation;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.client.cli.CliFrontend;
import org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint;
import org.apache.flink.runtime.taskexecutor.TaskManagerRunner;
import org.apache.kafka.clients.admin.Admin;

/**
 * Couplet as it stands in a cluster, each part a process: three brokers, a JobManager, a TaskManager, two trainers that share their checkpoints, a stopper, the
 * page.
 */
final class FaultySystem implements AutoCloseable {

    static final int BROKERS = 3;
    static final int TRAINERS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final String CLUSTER = "Q291cGxldEZhdWx0cyEhIQ"; // 16 bytes, base64
    private static final Pattern FLINKS_OWN = Pattern.compile(
            "flink-(?!connector-kafka|connector-base)|commons-|slf4j-api-|logback-|kryo-|minlog-|objenesis-|reflectasm-|snakeyaml-engine-|asm-|jsr305-|snappy-|lz4-|javassist-");
    private static final List<String> JOBS = List.of("ConvergenceJob", "CouplingJob");

    final List<ServiceProcess> brokers = new ArrayList<>();
    final List<ServiceProcess> trainers = new ArrayList<>();
    final ServiceProcess jobManager;
    final ServiceProcess taskManager;
    final ServiceProcess stopper;
    final ServiceProcess page;

    private final Path directory;
    private final String bootstrapServers;
    private final int flinkRest = freePort();
    private final int pagePort = freePort();
    private final HttpClient http = HttpClient.newHttpClient();

    private FaultySystem(Path directory) throws IOException {
        this.directory = directory;
        List<Integer> clients =
                IntStream.range(0, BROKERS).mapToObj(i -> freePort()).toList();
        List<Integer> controllers =
                IntStream.range(0, BROKERS).mapToObj(i -> freePort()).toList();
        bootstrapServers = clients.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","));
        for (int i = 0; i < BROKERS; i++) {
            Path properties = Files.writeString(
                    directory.resolve("broker-" + i + ".properties"), brokerProperties(i, clients, controllers));
            brokers.add(ServiceProcess.java(
                    "broker-" + i,
                    directory,
                    List.of("-Xmx320m", "-Dlogback.configurationFile=" + logging()),
                    "kafka.Kafka",
                    List.of(properties.toString())));
        }
        Path conf = Files.createDirectories(directory.resolve("flink"));
        Files.writeString(conf.resolve("config.yaml"), flinkConfiguration());
        jobManager = flink("jobmanager", StandaloneSessionClusterEntrypoint.class.getName(), conf);
        taskManager = flink("taskmanager", TaskManagerRunner.class.getName(), conf);
        for (int i = 0; i < TRAINERS; i++) {
            trainers.add(trainer(i));
        }
        stopper = couplet("stopper", 200, "stopper", "--bootstrap-servers", bootstrapServers);
        page = couplet(
                "page",
                300,
                "dashboard",
                "--bootstrap-servers",
                bootstrapServers,
                "--port",
                Integer.toString(pagePort));
    }

    /** Starts all of it; returns when both jobs run and the page answers. */
    static FaultySystem start(Path directory) throws Exception {
        FaultySystem system = new FaultySystem(directory);
        try {
            system.startAll();
            return system;
        } catch (Exception | AssertionError e) {
            system.close();
            throw e;
        }
    }

    private void startAll() throws Exception {
        for (int i = 0; i < BROKERS; i++) {
            ServiceProcess.java(
                            "format-" + i,
                            directory,
                            List.of("-Xmx128m", "-Dlogback.configurationFile=" + logging()),
                            "kafka.tools.StorageTool",
                            List.of("format", "-t", CLUSTER, "-c", brokerFile(i)))
                    .complete();
        }
        for (ServiceProcess broker : brokers) {
            broker.start();
        }
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            await().atMost(PATIENCE)
                    .ignoreExceptions()
                    .until(() -> admin.describeCluster().nodes().get().size() == BROKERS);
            TopicCreation.createMissing(admin, BROKERS);
        }
        jobManager.start();
        taskManager.start();
        submitJobs();
        page.start();
        stopper.start();
        for (ServiceProcess trainer : trainers) {
            trainer.start();
        }
        await().atMost(PATIENCE).ignoreExceptions().until(() -> get("/api/studies") != null);
    }

    String bootstrapServers() {
        return bootstrapServers;
    }

    /** Submits what is new of a study, as a user does. */
    void submit(Path study, String seeds) throws IOException, InterruptedException {
        couplet(
                        "submit-" + seeds.replace(',', '-'),
                        256,
                        "submit",
                        "--bootstrap-servers",
                        bootstrapServers,
                        study.toString(),
                        "--seeds",
                        seeds)
                .complete();
    }

    /** What the page answers. */
    String get(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + pagePort + path))
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(path).isEqualTo(200);
        return answer.body();
    }

    /** Waits for the JobManager and gives it both jobs, each from its newest whole checkpoint: a JobManager without high availability forgets them when it dies. */
    void submitJobs() throws Exception {
        await().atMost(PATIENCE).ignoreExceptions().until(() -> flinkAnswers("/taskmanagers", "\"id\""));
        for (String job : JOBS) {
            Path checkpoints = directory.resolve("checkpoints").resolve(job);
            List<String> arguments = new ArrayList<>(List.of("run", "-d"));
            newestCheckpoint(checkpoints).ifPresent(newest -> arguments.addAll(List.of("-s", newest.toString())));
            arguments.addAll(List.of(
                    "-c",
                    "io.couplet.flink." + job,
                    jobJar().toString(),
                    "--bootstrap-servers",
                    bootstrapServers,
                    "--checkpoints",
                    checkpoints.toUri().toString(),
                    "--parallelism",
                    "1"));
            new ServiceProcess(
                            "flink-run-" + job,
                            withEnvironment(arguments),
                            directory.resolve("flink-run-" + job + ".log"))
                    .complete();
        }
        awaitJobs();
    }

    /** Waits until both jobs run. */
    void awaitJobs() {
        await().atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> flinkGet("/jobs").split("RUNNING", -1).length == JOBS.size() + 1);
    }

    private List<String> withEnvironment(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "env",
                "FLINK_CONF_DIR=" + directory.resolve("flink"),
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "--add-opens",
                "java.base/java.util=ALL-UNNAMED",
                "-Dlogback.configurationFile=" + logging(),
                "-cp",
                flinkClassPath(),
                CliFrontend.class.getName()));
        command.addAll(arguments);
        return command;
    }

    private boolean flinkAnswers(String path, String text) throws IOException, InterruptedException {
        return flinkGet(path).contains(text);
    }

    private String flinkGet(String path) throws IOException, InterruptedException {
        return http.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + flinkRest + path))
                                .timeout(Duration.ofSeconds(10))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static Optional<Path> newestCheckpoint(Path checkpoints) throws IOException {
        if (!Files.isDirectory(checkpoints)) {
            return Optional.empty();
        }
        try (Stream<Path> paths = Files.walk(checkpoints)) {
            return paths.filter(path -> path.getFileName().toString().equals("_metadata"))
                    .max(Comparator.comparingLong(path -> path.toFile().lastModified()))
                    .map(Path::getParent);
        }
    }

    private static Path jobJar() throws IOException {
        Path target = Path.of("..", "..", "stream-analytics", "flink-jobs", "target");
        try (Stream<Path> files = Files.list(target)) {
            return files.filter(file -> file.getFileName().toString().endsWith("-job.jar"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no job jar in " + target + ": run mvn package"))
                    .toAbsolutePath()
                    .normalize();
        }
    }

    private ServiceProcess trainer(int number) {
        return couplet(
                "trainer-" + number,
                500,
                "trainer",
                "--bootstrap-servers",
                bootstrapServers,
                "--devices",
                "cpu",
                "--spool-dir",
                directory.resolve("spool-" + number).toString(),
                "--checkpoints",
                directory.resolve("runs").toString(),
                "--checkpoint-steps",
                "20",
                "--layer-statistics",
                "none");
    }

    /** SIGKILL of the trainer of this id, which ends with its process's number, and another one at once. */
    void killTrainer(String trainerId) throws IOException, InterruptedException {
        long pid = Long.parseLong(trainerId.substring(trainerId.lastIndexOf('-') + 1));
        for (ServiceProcess trainer : trainers) {
            if (trainer.is(pid)) {
                trainer.kill();
                trainer.start();
            }
        }
    }

    /** One more stopper, for the group to be divided anew. */
    ServiceProcess secondStopper() {
        return couplet("second-stopper", 200, "stopper", "--bootstrap-servers", bootstrapServers);
    }

    private ServiceProcess couplet(String name, int heapMegabytes, String... arguments) {
        return ServiceProcess.java(
                name, directory, List.of("-Xmx" + heapMegabytes + "m"), "io.couplet.cli.Couplet", List.of(arguments));
    }

    /** What a Flink distribution holds: nothing of Couplet, Kafka or Avro, which come with the job's jar. */
    private static String flinkClassPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(jar -> FLINKS_OWN
                        .matcher(Path.of(jar).getFileName().toString())
                        .lookingAt())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private ServiceProcess flink(String name, String mainClass, Path conf) throws IOException {
        return ServiceProcess.java(
                name,
                directory,
                flinkClassPath(),
                List.of(
                        "-Xmx400m",
                        "--add-opens=java.base/java.util=ALL-UNNAMED",
                        "-Dlogback.configurationFile=" + logging()),
                mainClass,
                List.of("--configDir", conf.toString()));
    }

    private Path logging() throws IOException {
        Path file = directory.resolve("logback.xml");
        if (!Files.exists(file)) {
            Files.writeString(
                    file,
                    "<configuration><appender name=\"e\" class=\"ch.qos.logback.core.ConsoleAppender\"><encoder><pattern>%d %level"
                            + " %logger{0} %msg%n%ex{4}</pattern></encoder></appender><root level=\"WARN\"><appender-ref"
                            + " ref=\"e\"/></root></configuration>");
        }
        return file;
    }

    private String brokerFile(int number) {
        return directory.resolve("broker-" + number + ".properties").toString();
    }

    private String brokerProperties(int number, List<Integer> clients, List<Integer> controllers) {
        String voters = IntStream.range(0, BROKERS)
                .mapToObj(i -> i + 1 + "@127.0.0.1:" + controllers.get(i))
                .collect(Collectors.joining(","));
        return """
                process.roles=broker,controller
                node.id=%d
                controller.quorum.voters=%s
                controller.listener.names=CONTROLLER
                inter.broker.listener.name=PLAINTEXT
                listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
                listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d
                log.dirs=%s
                default.replication.factor=3
                min.insync.replicas=2
                offsets.topic.num.partitions=3
                offsets.topic.replication.factor=3
                share.coordinator.state.topic.num.partitions=3
                share.coordinator.state.topic.replication.factor=3
                share.coordinator.state.topic.min.isr=2
                transaction.state.log.replication.factor=3
                transaction.state.log.min.isr=2
                group.initial.rebalance.delay.ms=0
                broker.session.timeout.ms=6000
                broker.heartbeat.interval.ms=1000
                auto.create.topics.enable=false
                num.network.threads=2
                num.io.threads=3
                log.cleaner.dedupe.buffer.size=8388608
                log.segment.bytes=67108864
                log.index.size.max.bytes=1048576
                """.formatted(
                number + 1, voters, clients.get(number), controllers.get(number), directory.resolve("kafka-" + number));
    }

    private String flinkConfiguration() {
        return """
                jobmanager.rpc.address: 127.0.0.1
                jobmanager.rpc.port: %d
                jobmanager.bind-host: 127.0.0.1
                rest.address: 127.0.0.1
                rest.bind-address: 127.0.0.1
                rest.port: %d
                taskmanager.host: 127.0.0.1
                taskmanager.bind-host: 127.0.0.1
                taskmanager.numberOfTaskSlots: 2
                taskmanager.cpu.cores: 2
                taskmanager.memory.task.heap.size: 256m
                taskmanager.memory.task.off-heap.size: 0m
                taskmanager.memory.framework.heap.size: 64m
                taskmanager.memory.framework.off-heap.size: 64m
                taskmanager.memory.network.min: 16m
                taskmanager.memory.network.max: 16m
                taskmanager.memory.managed.size: 1m
                taskmanager.memory.jvm-metaspace.size: 192m
                taskmanager.memory.jvm-overhead.min: 64m
                taskmanager.memory.jvm-overhead.max: 64m
                heartbeat.timeout: 20000
                heartbeat.interval: 3000
                io.tmp.dirs: %s
                """.formatted(freePort(), flinkRest, directory);
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new AssertionError("no free port", e);
        }
    }

    /** What the services said last, for a failure's message. */
    String tails() {
        return services()
                .map(service -> "== " + service.name() + '\n' + service.tail())
                .collect(Collectors.joining("\n"));
    }

    private Stream<ServiceProcess> services() {
        return Stream.of(trainers.stream(), Stream.of(page, stopper, taskManager, jobManager), brokers.stream())
                .flatMap(services -> services);
    }

    @Override
    public void close() {
        services().forEach(ServiceProcess::close);
    }
}
