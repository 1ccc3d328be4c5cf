package io.couplet.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.couplet.cli.acls.Permission;
import io.couplet.cli.acls.Service;
import io.couplet.flink.AnalyticsCluster;
import io.couplet.producers.Submission;
import io.couplet.schemas.SchemaRegistry;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.registry.StubRegistry;
import io.couplet.schemas.study.Budget;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.stopper.EarlyStopper;
import io.couplet.stopper.EarlyStopperSettings;
import io.couplet.trainer.worker.TrainerService;
import io.couplet.trainer.worker.TrainerSettings;
import io.couplet.view.LiveView;
import io.couplet.view.LiveViewSettings;
import io.couplet.view.alerts.AlertSettings;
import io.couplet.view.http.Access;
import io.couplet.view.model.StudySnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Everything against a broker that requires TLS, SCRAM and ACLs, with a schema registry, each service as a user of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SecuredKafkaTest {

    private static final int STEPS = 6;
    private static final StudySpecification STUDY = study();

    @SuppressWarnings("NullAway.Init") // JUnit calls deploy() before the first test.
    private Path directory;

    @SuppressWarnings("NullAway.Init")
    private SecuredKafka kafka;

    private final StubRegistry registry = StubRegistry.start();
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

    @BeforeAll
    void deploy(@TempDir Path directoryOfAll) throws Exception {
        directory = directoryOfAll;
        kafka = SecuredKafka.start(directory);
        Path admin = kafka.file(kafka.admin());
        List<Object> topics = List.of("topics", "create", "--kafka-config", admin, "--schema-registry", registry.url());
        assertThat(Ended.couplet(topics).out())
                .startsWith("created 10, already there 0")
                .contains("schemas registered", "  registered StepMetrics 1");
        assertThat(Ended.couplet(topics).out())
                .startsWith("created 0, already there 10")
                .contains("schemas registered 0");
        assertThat(Ended.couplet(List.of("topics", "acls", "--apply", "--kafka-config", admin))
                        .exitCode())
                .isZero();
        Ended analytics = Ended.couplet(List.of(
                "topics",
                "acls",
                "--apply",
                "--kafka-config",
                admin,
                "--principal",
                "convergence=User:" + SecuredKafka.ANALYTICS + ",coupling=User:" + SecuredKafka.ANALYTICS));
        assertThat(analytics.out()).endsWith(" things to 2 services\n");
    }

    @AfterAll
    void stop() {
        registry.close();
        kafka.close();
    }

    @Test
    @Order(1)
    void aSmallStudyRunsWithEachServiceAsItself() throws Exception {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Level before = root.getLevel();
        logged.start();
        root.addAppender(logged);
        root.setLevel(Level.INFO);
        StudySnapshot study;
        try {
            study = run();
        } finally {
            root.setLevel(before);
            root.detachAppender(logged);
        }

        assertThat(study.counts().stepsTrained()).isEqualTo(4L * STEPS);
        assertThat(study.counts().stepsInTopic()).isEqualTo(4L * STEPS);
        assertThat(study.counts().deadLetters()).isZero();
        assertThat(logged.list).hasSizeGreaterThan(100).noneMatch(event -> mentionsSecret(event));
        List<ConsumerRecord<byte[], byte[]>> records = everything();
        assertThat(records).hasSizeGreaterThan(4 * STEPS).noneMatch(record -> mentionsSecret(record));
        assertThat(records).allSatisfy(record -> {
            assertThat(record.value()).startsWith(0, 0, 0, 0);
            assertThat(record.value()[4]).isGreaterThan((byte) 100);
        });
    }

    private StudySnapshot run() throws Exception {
        String servers = kafka.bootstrapServers();
        try (LiveView view = new LiveView(new LiveViewSettings(
                                servers,
                                as(Service.DASHBOARD),
                                directory.resolve("view"),
                                LiveViewSettings.LOOPBACK,
                                0,
                                Access.OPEN))
                        .start();
                AnalyticsCluster analytics = AnalyticsCluster.start(
                        servers,
                        withRegistry(kafka.user(SecuredKafka.ANALYTICS)),
                        directory.resolve("checkpoints"),
                        1);
                EarlyStopper stopper = new EarlyStopper(
                                EarlyStopperSettings.of(servers, as(Service.STOPPER), directory.resolve("stopper")))
                        .start()) {
            Submission.Result submitted = new Submission(servers, as(Service.SUBMIT), Duration.ofSeconds(30))
                    .submit(STUDY.requests(1), Submission.Failed.LEAVE);
            assertThat(submitted.submitted()).hasSize(4);
            try (TrainerService trainer = TrainerService.start(TrainerSettings.of(
                    servers,
                    as(Service.TRAINER),
                    TrainerSettings.cpuSlots(1),
                    Files.createDirectories(directory.resolve("spool")),
                    "test",
                    null))) {
                StudySnapshot study = await().atMost(Duration.ofMinutes(4))
                        .until(
                                () -> view.model().snapshot(STUDY.studyId()),
                                snapshot -> snapshot != null && snapshot.scored());
                assertThat(analytics.failure()).isNotDone();
                assertThat(stopper.failure()).isNull();
                assertThat(stopper.running()).isTrue();
                String runId = STUDY.requests(1).get(0).getRunId();
                Ended stopped = couplet(Service.ORDERS, "stop", runId);
                assertThat(stopped.err()).isEqualTo("couplet: Run " + runId + " has ended already.\n");
                Ended ordered = couplet(Service.ORDERS, "rules", STUDY.name(), "--none");
                assertThat(ordered.err()).isEmpty();
                assertThat(ordered.exitCode()).isZero();
                return study;
            }
        }
    }

    @Test
    @Order(2)
    void theReportIsMadeFromTheTopicsAlone() throws Exception {
        Ended report = couplet(Service.REPORT, "report", "--json");

        assertThat(report.err()).isEmpty();
        assertThat(report.out()).contains("\"stepsInTopic\" : " + 4 * STEPS, "\"deadLetters\" : 0");
    }

    @Test
    @Order(2)
    void theCheckFindsEverythingThere() throws Exception {
        Ended check = couplet(Service.TOPICS, "topics", "check");

        assertThat(check.err()).isEmpty();
        assertThat(check.out()).isEqualTo("All topics and schemas are there.\n");
        assertThat(check.exitCode()).isZero();
    }

    /** Kafka's own answer to what each service may do with each topic, beside the table. */
    @ParameterizedTest
    @EnumSource(Service.class)
    void eachServiceMayDoWhatTheTableSaysAndNothingElse(Service service) throws Exception {
        Set<String> topics = allTopics();
        try (Admin admin = Admin.create(new HashMap<>(kafka.as(service)))) {
            Map<String, KafkaFuture<Set<AclOperation>>> answers = new HashMap<>();
            admin.describeTopics(topics, new DescribeTopicsOptions().includeAuthorizedOperations(true))
                    .topicNameValues()
                    .forEach((name, answer) ->
                            answers.put(name, answer.thenApply(description -> description.authorizedOperations())));
            for (String topic : topics) {
                assertThat(allowed(Objects.requireNonNull(answers.get(topic))))
                        .as(topic)
                        .isEqualTo(withImplied(service.permissions().stream()
                                .filter(permission -> permission.type() == ResourceType.TOPIC)
                                .filter(permission -> matches(permission, topic))
                                .flatMap(permission -> permission.operations().stream())
                                .collect(Collectors.toSet())));
            }
        }
    }

    @Test
    void theStopperCannotWriteStepsNorTheTrainerScoresNorTheDashboardAnything() {
        assertMayNotWrite(Service.STOPPER, Topics.STEP_METRICS.name());
        assertMayNotWrite(Service.TRAINER, Topics.CONVERGENCE_SCORES.name());
        assertMayNotWrite(Service.TRAINER, Topics.RUN_COMMANDS.name());
        assertMayNotWrite(Service.CONVERGENCE, Topics.COUPLING_SCORES.name());
        assertMayNotWrite(Service.COUPLING, Topics.CONVERGENCE_SCORES.name());
        allTopics().forEach(topic -> assertMayNotWrite(Service.DASHBOARD, topic));
    }

    private void assertMayNotWrite(Service service, String topic) {
        Map<String, Object> properties = new HashMap<>(kafka.as(service));
        properties.put("enable.idempotence", false); // it would be refused a producer id before it is refused the topic
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            assertThatThrownBy(() -> producer.send(new ProducerRecord<>(topic, "never".getBytes(UTF_8)))
                            .get())
                    .as(service + " and " + topic)
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(TopicAuthorizationException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"topics create", "submit", "trainer", "stopper", "dashboard", "report", "stop", "replay"})
    void aWrongPasswordIsOneSentence(String command) throws Exception {
        assertOneSentence(
                kafka.userWithWrongPassword("trainer"),
                command,
                " does not accept this user or password: correct sasl.jaas.config in the file of --kafka-config.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"topics create", "submit", "trainer", "stopper", "dashboard", "report", "stop", "replay"})
    void acertificateThatIsNotTrustedIsOneSentence(String command) throws Exception {
        assertOneSentence(
                kafka.userWithOtherTrust("trainer"),
                command,
                ": name a truststore that knows the broker's with ssl.truststore.location, and the address that its certificate names in the file of --kafka-config.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"topics create", "submit", "trainer", "stopper", "dashboard", "alerts", "stop", "replay"})
    void aMissingAclIsOneSentence(String command) throws Exception {
        assertOneSentence(
                kafka.user(SecuredKafka.STRANGER), command, ": have it allowed, as couplet topics acls prints it.");
    }

    @Test
    void alertsEndWithASentenceWhenWhatTheyMayIsTakenAway() throws Exception {
        CompletableFuture<Ended> alerts = CompletableFuture.supplyAsync(
                () -> couplet(Service.ALERTS, "alerts", "--alerts-url", "http://127.0.0.1:1/"));
        AclBinding reading = Service.ALERTS.acls(Service.ALERTS.defaultPrincipal()).stream()
                .filter(acl -> acl.pattern().name().equals(Topics.RUN_EVENTS.name()))
                .findFirst()
                .orElseThrow();
        try (Admin admin = Admin.create(new HashMap<>(kafka.admin()))) {
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> !admin.listConsumerGroupOffsets(AlertSettings.GROUP)
                            .partitionsToOffsetAndMetadata()
                            .get()
                            .isEmpty());
            admin.deleteAcls(List.of(reading.toFilter())).all().get();
            try {
                Ended ended = alerts.get(1, TimeUnit.MINUTES);
                assertThat(ended.exitCode()).isEqualTo(Errors.FAILED);
                assertThat(ended.err())
                        .isEqualTo("couplet: Kafka at " + kafka.bootstrapServers()
                                + " does not let this user use the topic " + Topics.RUN_EVENTS.name()
                                + ": have it allowed, as couplet topics acls prints it.\n");
            } finally {
                admin.createAcls(List.of(reading)).all().get();
            }
        }
    }

    @Test
    void aClientThatDoesNotSpeakTlsIsToldWhereToLook() throws Exception {
        Ended ended = Ended.couplet(List.of("topics", "create", "--bootstrap-servers", kafka.bootstrapServers()));

        assertThat(ended.err())
                .startsWith("couplet: Kafka did not answer (")
                .endsWith("check --bootstrap-servers and --kafka-config.\n");
    }

    /** A process of its own: what it logs, and what the list of processes shows of it. */
    @Test
    void aTrainerWithAWrongPasswordEndsWithoutAStackTraceAndWithoutASecret() throws Exception {
        Path file = kafka.file(kafka.userWithWrongPassword("trainer"));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "io.couplet.cli.Couplet",
                "trainer",
                "--devices",
                "cpu",
                "--spool-dir",
                directory.resolve("process-spool").toString(),
                "--kafka-config",
                file.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String shown = process.info().commandLine().orElse("");
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);

        assertThat(process.waitFor()).as(said).isEqualTo(Errors.USAGE);
        assertThat(shown).doesNotContain(SecuredKafka.SECRET);
        assertThat(said)
                .contains("couplet: Kafka at " + kafka.bootstrapServers() + " does not accept this user or password")
                .doesNotContain(SecuredKafka.SECRET)
                .doesNotContain("\tat ");
    }

    private void assertOneSentence(Map<String, String> user, String command, String ending) throws Exception {
        List<Object> arguments = new ArrayList<>(List.of(command.split(" ")));
        arguments.addAll(List.of("--kafka-config", kafka.file(user)));
        switch (command) {
            case "submit" -> arguments.addAll(List.of("--steps", "5"));
            case "trainer" -> arguments.addAll(List.of("--devices", "cpu", "--spool-dir", directory.resolve("spools")));
            case "alerts" -> arguments.addAll(List.of("--alerts-url", "http://127.0.0.1:1/"));
            case "dashboard" -> arguments.addAll(List.of("--port", "0"));
            case "stop" -> arguments.add(STUDY.requests(1).get(0).getRunId());
            case "replay" -> arguments.add(curves());
            default -> {
                // needs nothing more
            }
        }
        Ended ended = Ended.couplet(arguments);

        assertThat(ended.err())
                .startsWith("couplet: Kafka at ")
                .endsWith(ending + "\n")
                .doesNotContain(SecuredKafka.SECRET)
                .containsOnlyOnce("\n");
        assertThat(ended.exitCode()).isNotZero();
    }

    private Path curves() throws Exception {
        return Files.writeString(
                directory.resolve("curves.csv"),
                "run,backbone,optimizer,seed,step,budget,loss,top1\na,vgg,sgd,0,1,2,2.0,0.1\na,vgg,sgd,0,2,2,1.5,0.2\n");
    }

    private Ended couplet(Service service, String... command) {
        try {
            List<Object> arguments = new ArrayList<>(List.of(command));
            arguments.addAll(List.of("--kafka-config", kafka.file(as(service))));
            return Ended.couplet(arguments);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Map<String, String> as(Service service) {
        return withRegistry(kafka.as(service));
    }

    private Map<String, String> withRegistry(Map<String, String> properties) {
        Map<String, String> more = new HashMap<>(properties);
        more.put(SchemaRegistry.URL, registry.url());
        return more;
    }

    private static Set<String> allTopics() {
        return Stream.concat(Topics.all().stream().map(Topic::name), Stream.of(Topics.DEAD_LETTERS))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean matches(Permission permission, String topic) {
        return switch (permission.pattern()) {
            case LITERAL -> permission.name().equals(topic);
            default -> topic.startsWith(permission.name());
        };
    }

    private static Set<AclOperation> allowed(KafkaFuture<Set<AclOperation>> answer) throws InterruptedException {
        try {
            return new TreeSet<>(answer.get());
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(TopicAuthorizationException.class);
            return Set.of();
        }
    }

    /** Kafka lets whoever reads or writes describe, too. */
    private static Set<AclOperation> withImplied(Set<AclOperation> operations) {
        Set<AclOperation> all = new TreeSet<>(operations);
        if (!operations.isEmpty()) {
            all.add(AclOperation.DESCRIBE);
        }
        return all;
    }

    private List<ConsumerRecord<byte[], byte[]>> everything() {
        Map<String, Object> properties = new HashMap<>(kafka.admin());
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = allTopics().stream()
                    .flatMap(topic -> consumer.partitionsFor(topic).stream())
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(200)).forEach(all::add);
            }
        }
        return all;
    }

    private static boolean mentionsSecret(ILoggingEvent event) {
        return event.getFormattedMessage().contains(SecuredKafka.SECRET)
                || event.getThrowableProxy() != null
                        && String.valueOf(event.getThrowableProxy().getMessage())
                                .contains(SecuredKafka.SECRET);
    }

    private static boolean mentionsSecret(ConsumerRecord<byte[], byte[]> record) {
        return record.value() != null && new String(record.value(), ISO_8859_1).contains(SecuredKafka.SECRET);
    }

    private static StudySpecification study() {
        StudySpecification defaults = StudySpecification.defaults();
        return defaults.withName("secured")
                .withGrid(List.of("vgg", "deit"), List.of("sgd", "adamw"), List.of(0L))
                .withRungs(List.of(0.5, 1.0))
                .withBudget(new Budget(STEPS, 16))
                .withData(defaults.data().withLimit(400));
    }
}
