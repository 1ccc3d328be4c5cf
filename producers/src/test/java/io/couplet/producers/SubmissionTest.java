package io.couplet.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.producers.Submission.Failed;
import io.couplet.schemas.Topic;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.study.StudySpecification;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

class SubmissionTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @SuppressWarnings("NullAway.Init") // before all tests
    private static EmbeddedBroker broker;

    @BeforeAll
    static void start() throws Exception {
        broker = EmbeddedBroker.startInTemporaryDirectory();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
        }
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    /** A study of 16 runs, of a name of its own in each test. */
    private static List<RunRequest> study(TestInfo test, long nowMillis) {
        return StudySpecification.defaults()
                .withName(test.getTestMethod().orElseThrow().getName())
                .requests(nowMillis);
    }

    private static List<String> ids(List<RunRequest> requests) {
        return requests.stream().map(RunRequest::getRunId).toList();
    }

    private static Submission.Result submit(List<RunRequest> requests, Failed failed) throws Exception {
        return new Submission(broker.bootstrapServers(), Map.of(), PATIENCE).submit(requests, failed);
    }

    private static <T extends SpecificRecord> void send(Topic<T> topic, String key, T record) throws Exception {
        sendBytes(topic.name(), key, topic.wire().encode(record));
    }

    private static void sendBytes(String topic, String key, byte[] value) throws Exception {
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new StringSerializer(),
                new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, key, value)).get();
        }
    }

    private static RunEvent event(RunRequest request, RunEventKind kind, int attempt, long timeMillis) {
        return RunEvent.newBuilder()
                .setRunId(request.getRunId())
                .setStudyId(request.getStudyId())
                .setAttempt(attempt)
                .setBackbone(request.getBackbone())
                .setOptimizer(request.getOptimizer())
                .setSeed(request.getSeed())
                .setHyperparameterPoint(0)
                .setKind(kind)
                .setStep(1)
                .setBudgetSteps(request.getBudgetSteps())
                .setWarmupSteps(request.getWarmupSteps())
                .setResumedAtStep(0)
                .setStepsTrained(1)
                .setDeviceSeconds(1)
                .setTimeMillis(timeMillis)
                .build();
    }

    private static void happened(RunRequest request, RunEventKind kind, int attempt, long timeMillis) throws Exception {
        send(Topics.RUN_EVENTS, request.getRunId(), event(request, kind, attempt, timeMillis));
    }

    private static List<RunRequest> inTheQueue(Set<String> runIds) {
        List<RunRequest> found = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            new TopicScan(consumer, WireFormat.SINGLE_OBJECT, PATIENCE).read(Topics.RUN_REQUESTS, found::add, runIds);
        }
        return found;
    }

    @Test
    void submittingTwiceTrainsOnce(TestInfo test) throws Exception {
        List<RunRequest> requests = study(test, 1_000);
        Submission.Result first = submit(requests, Failed.LEAVE);
        assertThat(first).isEqualTo(new Submission.Result(ids(requests), List.of(), List.of(), List.of(), 0));
        assertThat(first.leavesWork()).isTrue();
        Submission.Result second = submit(study(test, 2_000), Failed.LEAVE);
        assertThat(second).isEqualTo(new Submission.Result(List.of(), ids(requests), List.of(), List.of(), 0));
        assertThat(inTheQueue(Set.copyOf(ids(requests)))).containsExactlyInAnyOrderElementsOf(requests);
    }

    @Test
    void aWiderStudySubmitsOnlyWhatIsNew(TestInfo test) throws Exception {
        StudySpecification narrow = StudySpecification.defaults().withName("wider");
        submit(narrow.requests(1), Failed.LEAVE);
        StudySpecification wide = narrow.withGrid(narrow.backbones(), narrow.optimizers(), List.of(0L, 1L));
        Submission.Result result = submit(wide.requests(2), Failed.LEAVE);
        assertThat(result.submitted()).hasSize(16).allMatch(id -> id.contains(".s1."));
        assertThat(result.alreadyQueued()).hasSize(16);
    }

    @Test
    void runsThatHaveEndedAreNotTrainedAgainAndReleasedOnesAreStillInTheQueue(TestInfo test) throws Exception {
        List<RunRequest> requests = study(test, 1_000);
        submit(requests, Failed.LEAVE);
        happened(requests.get(0), RunEventKind.STARTED, 1, 1_001);
        happened(requests.get(0), RunEventKind.COMPLETED, 1, 1_002);
        happened(requests.get(1), RunEventKind.STOPPED, 1, 1_002);
        happened(requests.get(2), RunEventKind.DIVERGED, 1, 1_002);
        happened(requests.get(3), RunEventKind.STARTED, 1, 1_002);
        happened(requests.get(3), RunEventKind.RELEASED, 1, 1_003);
        happened(requests.get(4), RunEventKind.CHECKPOINTED, 1, 1_002);
        Submission.Result result = submit(requests, Failed.RETRY);
        assertThat(result.submitted()).isEmpty();
        assertThat(result.alreadyEnded()).isEqualTo(ids(requests.subList(0, 3)));
        assertThat(result.alreadyQueued()).isEqualTo(ids(requests.subList(3, 16)));
    }

    @Test
    void aLateEventOfAnEarlierAttemptDoesNotCount(TestInfo test) throws Exception {
        List<RunRequest> requests = study(test, 1_000);
        submit(requests, Failed.LEAVE);
        happened(requests.get(0), RunEventKind.COMPLETED, 2, 1_005);
        happened(requests.get(0), RunEventKind.RELEASED, 1, 1_003);
        assertThat(submit(requests, Failed.LEAVE).alreadyEnded())
                .containsExactly(requests.get(0).getRunId());
    }

    @Test
    void failedRunsAreRetriedOnlyWhenAskedForAndThenOnce(TestInfo test) throws Exception {
        List<RunRequest> requests = study(test, 1_000);
        submit(requests, Failed.LEAVE);
        String failed = requests.get(5).getRunId();
        happened(requests.get(5), RunEventKind.FAILED, 3, 1_500);
        assertThat(submit(study(test, 2_000), Failed.LEAVE).failed()).containsExactly(failed);
        assertThat(submit(study(test, 3_000), Failed.RETRY).submitted()).containsExactly(failed);
        assertThat(submit(study(test, 4_000), Failed.RETRY).alreadyQueued()).contains(failed);
        assertThat(inTheQueue(Set.of(failed))).hasSize(2);
        happened(requests.get(5), RunEventKind.FAILED, 4, 5_000);
        assertThat(submit(study(test, 6_000), Failed.LEAVE).failed()).containsExactly(failed);
    }

    @Test
    void aRetryIsNewerThanTheFailureThoughTheClockIsBehindTheTrainers(TestInfo test) throws Exception {
        List<RunRequest> requests = study(test, 1_000);
        submit(requests, Failed.LEAVE);
        String failed = requests.get(5).getRunId();
        happened(requests.get(5), RunEventKind.FAILED, 3, 9_000);
        assertThat(submit(study(test, 2_000), Failed.RETRY).submitted()).containsExactly(failed);
        assertThat(inTheQueue(Set.of(failed)))
                .extracting(RunRequest::getSubmittedMillis)
                .containsExactly(1_000L, 9_001L);
        assertThat(submit(study(test, 3_000), Failed.RETRY).alreadyQueued()).contains(failed);
    }

    @Test
    void aPausedRunHasEndedUntilItIsResumedAndThenItIsQueued(TestInfo test) throws Exception {
        List<RunRequest> requests = study(test, 1_000);
        submit(requests, Failed.LEAVE);
        RunRequest run = requests.get(5);
        send(
                Topics.RUN_EVENTS,
                run.getRunId(),
                RunEvent.newBuilder(event(run, RunEventKind.STOPPED, 1, 1_500))
                        .setPaused(true)
                        .build());
        assertThat(submit(study(test, 2_000), Failed.LEAVE).alreadyEnded()).containsExactly(run.getRunId());
        send(
                Topics.RUN_REQUESTS,
                run.getRunId(),
                RunRequest.newBuilder(run).setSubmittedMillis(1_501).build());
        Submission.Result resumed = submit(study(test, 3_000), Failed.LEAVE);
        assertThat(resumed.alreadyEnded()).isEmpty();
        assertThat(resumed.alreadyQueued()).contains(run.getRunId());
        assertThat(inTheQueue(Set.of(run.getRunId()))).hasSize(2);
    }

    @Test
    void requestsThatRetentionHasDroppedAreSentAgainUnlessTheyHaveEnded(TestInfo test) throws Exception {
        List<RunRequest> requests = study(test, 1_000);
        submit(requests, Failed.LEAVE);
        happened(requests.get(0), RunEventKind.COMPLETED, 1, 1_002);
        happened(requests.get(1), RunEventKind.STARTED, 1, 1_002);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.deleteRecords(java.util.stream.IntStream.range(0, Topics.RUN_REQUESTS.partitions())
                            .boxed()
                            .collect(Collectors.toMap(
                                    partition -> new TopicPartition(Topics.RUN_REQUESTS.name(), partition),
                                    partition -> RecordsToDelete.beforeOffset(-1))))
                    .all()
                    .get();
        }
        Submission.Result result = submit(requests, Failed.LEAVE);
        assertThat(result.alreadyEnded()).containsExactly(requests.get(0).getRunId());
        assertThat(result.submitted()).isEqualTo(ids(requests.subList(1, 16)));
    }

    @Test
    void aRecordThatNobodyCanReadIsCountedAndLeftOut(TestInfo test) throws Exception {
        List<RunRequest> requests = study(test, 1_000);
        sendBytes(Topics.RUN_REQUESTS.name(), requests.get(0).getRunId(), new byte[] {1, 2, 3});
        sendBytes(Topics.RUN_EVENTS.name(), requests.get(0).getRunId(), new byte[0]);
        Submission.Result result = submit(requests, Failed.LEAVE);
        assertThat(result.unreadable()).isEqualTo(2);
        assertThat(result.submitted()).isEqualTo(ids(requests));
    }

    @Test
    void aBrokerWithoutTheTopicsIsOneSentence(TestInfo test) throws Exception {
        try (EmbeddedBroker bare = EmbeddedBroker.startInTemporaryDirectory()) {
            assertThatThrownBy(() -> new Submission(bare.bootstrapServers(), Map.of(), Duration.ofSeconds(5))
                            .submit(study(test, 1), Failed.LEAVE))
                    .isInstanceOf(SubmissionException.class)
                    .hasMessage("Kafka at " + bare.bootstrapServers()
                            + " has no topic couplet.run-requests.v1: create them with couplet topics create.");
        }
    }

    @Test
    void aBrokerThatIsNotThereIsOneSentence(TestInfo test) {
        assertThatThrownBy(() -> new Submission("127.0.0.1:1", Map.of(), Duration.ofSeconds(1))
                        .submit(study(test, 1), Failed.LEAVE))
                .isInstanceOf(SubmissionException.class)
                .hasMessage("Kafka at 127.0.0.1:1 did not answer within 1 s: check the address and that it runs.");
    }
}
