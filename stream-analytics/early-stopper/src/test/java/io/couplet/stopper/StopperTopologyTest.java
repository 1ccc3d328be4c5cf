package io.couplet.stopper;

import static io.couplet.stopper.Records.BEGIN;
import static io.couplet.stopper.Records.OTHER;
import static io.couplet.stopper.Records.RUN;
import static io.couplet.stopper.Records.event;
import static io.couplet.stopper.Records.request;
import static io.couplet.stopper.Records.score;
import static io.couplet.stopper.Records.step;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.couplet.schemas.DeadLetter;
import io.couplet.schemas.RegistryPatience;
import io.couplet.schemas.RunId;
import io.couplet.schemas.SchemaRegistry;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.Verdict;
import io.couplet.scores.stopping.DivergenceRule;
import io.couplet.stopper.Records.Sent;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StopperTopologyTest {

    private final Tally tally = new Tally();
    private final AwayRegistry registry = new AwayRegistry();
    private final TopologyTestDriver driver = new TopologyTestDriver(
            StopperTopology.topology(
                    List.of(new DivergenceRule(3)),
                    tally,
                    registry,
                    new RegistryPatience(Duration.ofMillis(1), Duration.ofSeconds(30))),
            new Properties(),
            Instant.ofEpochMilli(BEGIN + 100));
    private final TestOutputTopic<byte[], byte[]> commands = driver.createOutputTopic(
            Topics.RUN_COMMANDS.name(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    private final TestOutputTopic<byte[], byte[]> requests = driver.createOutputTopic(
            Topics.RUN_REQUESTS.name(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    private final TestOutputTopic<byte[], byte[]> deadLetters =
            driver.createOutputTopic(Topics.DEAD_LETTERS, new ByteArrayDeserializer(), new ByteArrayDeserializer());

    @AfterEach
    void close() {
        driver.close();
    }

    @Test
    void theTopologyIsTheRecordedOne() throws IOException {
        try (InputStream recorded = StopperTopologyTest.class.getResourceAsStream("/topology.txt")) {
            assertThat(recorded).isNotNull();
            assertThat(StopperTopology.topology(List.of(), tally, registry, new RegistryPatience())
                            .describe()
                            .toString())
                    .isEqualTo(new String(recorded.readAllBytes(), UTF_8));
        }
    }

    @Test
    void aStudyThatArmsTransferGetsOneCommandForEachHopelessRun() {
        send(StudyRecords.study("transfer", Map.of()).toArray(Sent[]::new));

        assertThat(commands.readValuesToList().stream().map(StopperTopologyTest::command))
                .extracting(RunCommand::getRunId)
                .containsExactly(
                        StudyRecords.run("deit", "adam").toString(),
                        StudyRecords.run("deit", "adamw").toString(),
                        StudyRecords.run("deit", "sgd").toString());
        assertThat(tally.counts().obeyed()).isEqualTo(1);
        assertThat(deadLetters.isEmpty()).isTrue();
    }

    @Test
    void recordsWaitForASchemaRegistryThatIsAwayForAMoment() {
        List<Sent> records = StudyRecords.study("transfer", Map.of());
        for (Sent record : records) {
            registry.failures = 2;
            send(record);
        }

        assertThat(commands.readValuesToList()).hasSize(3);
        assertThat(tally.counts().recordsRead()).isGreaterThanOrEqualTo(records.size());
        assertThat(deadLetters.isEmpty()).isTrue();
    }

    /** Does not answer so many times. */
    private static final class AwayRegistry implements WireFormat {

        private int failures;

        @Override
        public byte[] toKafka(String topic, byte[] singleObject) {
            return singleObject;
        }

        @Override
        public byte[] fromKafka(String topic, byte[] value) {
            if (failures > 0) {
                failures--;
                throw away();
            }
            return value;
        }

        @Override
        public int newestId(Topic<?> topic) {
            return NO_ID;
        }

        /** Only the schemas' own code makes one. */
        private static SchemaRegistryException away() {
            try {
                SchemaRegistry.of(Map.of());
            } catch (SchemaRegistryException e) {
                return e;
            }
            throw new AssertionError("a registry that nobody named was there");
        }
    }

    @Test
    void aRuleInShadowDecidesAndRecordsAndIsNotObeyed() {
        send(StudyRecords.study("transfer", Map.of("shadow", 1.0)).toArray(Sent[]::new));

        assertThat(commands.readValuesToList().stream().map(StopperTopologyTest::command))
                .hasSize(3)
                .allMatch(RunCommand::getShadow);
        assertThat(tally.counts().commands()).isZero();
        assertThat(tally.counts().shadows()).isEqualTo(3);
    }

    @Test
    void rulesThatAPersonOrdersReplaceTheStudysAtOnceAndForTheRequestsToCome() {
        List<Sent> records = new ArrayList<>(StudyRecords.study("median", Map.of("grace", 0.99)));
        records.add(1, StudyRecords.rules("transfer", Map.of("pause", 1.0)));
        send(records.toArray(Sent[]::new));

        assertThat(commands.readValuesToList().stream().map(StopperTopologyTest::command))
                .filteredOn(command -> command.getKind() == RunCommandKind.STOP)
                .hasSize(3)
                .allMatch(command -> command.getRule().equals("transfer"))
                .allMatch(RunCommand::getPause);
        assertThat(deadLetters.isEmpty()).isTrue();
    }

    @Test
    void rulesThatNobodyKnowsLeaveThoseThereAre() {
        List<Sent> records = new ArrayList<>(StudyRecords.study("transfer", Map.of()));
        records.add(1, StudyRecords.rules("nonesuch", Map.of()));
        send(records.toArray(Sent[]::new));

        assertThat(commands.readValuesToList().stream().map(StopperTopologyTest::command))
                .hasSize(3);
    }

    @Test
    void aRunThatAPersonHadTakenUpAgainIsStoppedByNoRule() {
        RunId run = StudyRecords.run("deit", "sgd");
        List<Sent> records = new ArrayList<>(StudyRecords.study("transfer", Map.of()));
        records.add(8, Records.order(run, RunCommandKind.RESUME, "person-1", 1));
        send(records.toArray(Sent[]::new));

        assertThat(commands.readValuesToList().stream().map(StopperTopologyTest::command))
                .extracting(RunCommand::getRunId)
                .containsExactly(
                        StudyRecords.run("deit", "adam").toString(),
                        StudyRecords.run("deit", "adamw").toString());
    }

    @Test
    void aPausedRunIsRequeuedUnderItsKey() {
        send(
                Records.request(RUN),
                event(RUN, 1, RunEventKind.STARTED, 0),
                Records.order(RUN, RunCommandKind.STOP, "person-1", 1),
                Records.paused(RUN, 1, 2, "person-1"),
                Records.order(RUN, RunCommandKind.RESUME, "person-2", 3));

        assertThat(requests.readKeyValuesToList()).hasSize(1).allSatisfy(requeued -> {
            assertThat(new String(requeued.key, UTF_8)).isEqualTo(RUN.toString());
            assertThat(Topics.RUN_REQUESTS.wire().decode(requeued.value).getSubmittedMillis())
                    .isEqualTo(BEGIN + 3);
        });
        assertThat(tally.counts().requeued()).isEqualTo(1);
        assertThat(deadLetters.isEmpty()).isTrue();
    }

    @Test
    void theEndOfASupersededAttemptLeavesTheRunsRequestWhereItIs() {
        send(
                Records.request(RUN),
                event(RUN, 1, RunEventKind.STARTED, 0),
                event(RUN, 2, RunEventKind.RESUMED, 0),
                event(RUN, 1, RunEventKind.FAILED, 5),
                Records.order(RUN, RunCommandKind.STOP, "person-1", 1),
                Records.paused(RUN, 2, 2, "person-1"),
                Records.order(RUN, RunCommandKind.RESUME, "person-2", 3));

        assertThat(requests.readKeyValuesToList()).hasSize(1);
        assertThat(tally.counts().needlessOrders()).isZero();
    }

    @Test
    void recordsThatNoRunCanHaveAreLeftOutAndCountedAndTheStudyIsJudgedOn() {
        RunId run = StudyRecords.run("deit", "sgd");
        List<Sent> records = new ArrayList<>(StudyRecords.study("transfer", Map.of()));
        records.add(1, changed(run, evaluation -> evaluation.setFraction(0)));
        records.add(2, changed(run, evaluation -> evaluation.setRung(0)));
        records.add(3, changed(run, evaluation -> evaluation.setBackbone("b".repeat(70_000))));
        send(records.toArray(Sent[]::new));

        assertThat(commands.readValuesToList()).hasSize(3);
        assertThat(tally.counts().leftOut()).isEqualTo(3);
    }

    @Test
    void anEvaluationOfBefore1970IsJudgedAsAnyOther() {
        List<Sent> records = new ArrayList<>(StudyRecords.study("transfer", Map.of()));
        records.replaceAll(sent -> sent.topic().equals(Topics.EVALUATIONS.name()) ? timed(sent, Long.MIN_VALUE) : sent);
        send(records.toArray(Sent[]::new));

        assertThat(commands.readValuesToList()).hasSize(3);
    }

    private static Sent changed(RunId run, Consumer<Evaluation> change) {
        Evaluation evaluation = Topics.EVALUATIONS
                .wire()
                .decode(StudyRecords.evaluation(run, 1, 1).value());
        change.accept(evaluation);
        return Sent.of(Topics.EVALUATIONS, run.toString(), evaluation);
    }

    private static Sent timed(Sent sent, long millis) {
        Evaluation evaluation = Topics.EVALUATIONS.wire().decode(sent.value());
        evaluation.setTimeMillis(millis);
        return Sent.of(Topics.EVALUATIONS, evaluation.getRunId(), evaluation);
    }

    @Test
    void timesOfAnyMachineAreClampedToWhatATimerTakes() {
        tally.measureIn(new StopperMeters(new SimpleMeterRegistry(), tally, () -> true));
        io.couplet.schemas.avro.RunEvent late = Topics.RUN_EVENTS
                .wire()
                .decode(Objects.requireNonNull(
                        event(RUN, 1, RunEventKind.STOPPED, 3, "none").value()));
        late.setTimeMillis(Long.MAX_VALUE / 2);
        send(step(RUN, 1, 2, Double.NaN), Sent.of(Topics.RUN_EVENTS, RUN.toString(), late));

        assertThat(tally.counts().answered()).isEqualTo(1);
    }

    @Test
    void whatDivergedAlreadyHasItsOrderAndGetsNoSecondOne() {
        List<Sent> records = new ArrayList<>(StudyRecords.study("transfer", Map.of()));
        records.add(records.size() - 6, step(StudyRecords.run("deit", "sgd"), 1, 50, Double.NaN));
        send(records.toArray(Sent[]::new));

        assertThat(commands.readValuesToList().stream().map(StopperTopologyTest::command))
                .filteredOn(command -> command.getRunId()
                        .equals(StudyRecords.run("deit", "sgd").toString()))
                .extracting(RunCommand::getRule)
                .containsExactly("divergence");
    }

    @Test
    void aStudyWithoutRulesIsOnlyWatchedForDivergence() {
        send(StudyRecords.study("divergence", Map.of()).toArray(Sent[]::new));

        assertThat(commands.isEmpty()).isTrue();
    }

    @Test
    void aNanStepIsAnsweredByOneCommandWithItsEvidence() {
        send(
                event(RUN, 1, RunEventKind.STARTED, 0),
                step(RUN, 1, 1, 2.3),
                step(RUN, 1, 2, Double.NaN),
                step(RUN, 1, 3, Double.NaN));

        RunCommand command = onlyCommand();
        assertThat(command.getRunId()).isEqualTo(RUN.toString());
        assertThat(command.getStudyId()).isEqualTo("demo-3fa2c1");
        assertThat(command.getCommandId()).isEqualTo("demo-3fa2c1.vgg.sgd.s1.00aa11.a1.divergence");
        assertThat(command.getKind()).isEqualTo(RunCommandKind.STOP);
        assertThat(command.getRule()).isEqualTo("divergence");
        assertThat(command.getRuleVersion()).isEqualTo(1);
        assertThat(command.getRequestedBy()).isEqualTo("early-stopper");
        assertThat(command.getReason()).isEqualTo("the loss became NaN at or before step 2");
        assertThat(command.getStep()).isEqualTo(2);
        assertThat(command.getThreshold()).isNull();
        assertThat(command.getObserved()).isNaN();
        assertThat(command.getInputOffsets())
                .containsOnly(entry("couplet.run-events.v1-0", 0L), entry("couplet.step-metrics.v1-0", 1L));
        assertThat(command.getTimeMillis()).isEqualTo(BEGIN + 100);
        assertThat(command.getShadow()).isFalse();
    }

    @Test
    void anInfiniteLossIsCalledInfinite() {
        send(step(RUN, 1, 7, Double.POSITIVE_INFINITY));

        assertThat(onlyCommand().getReason()).isEqualTo("the loss became infinite at or before step 7");
    }

    @Test
    void anExplodedScoreIsAnsweredByACommandWithThresholdAndObservedValue() {
        send(
                event(RUN, 1, RunEventKind.STARTED, 0),
                score(RUN, 1, 50, Verdict.CONVERGING, 1.5, null),
                score(RUN, 1, 80, Verdict.DIVERGED, 42, null));

        RunCommand command = onlyCommand();
        assertThat(command.getReason())
                .isEqualTo(
                        "the smoothed loss exploded to 42.00 at or before step 80: its best was 1.500, its first 2.300");
        assertThat(command.getThreshold()).isEqualTo(3);
        assertThat(command.getObserved()).isEqualTo(42);
        assertThat(command.getStep()).isEqualTo(80);
        assertThat(command.getInputOffsets())
                .containsOnly(entry("couplet.run-events.v1-0", 0L), entry("couplet.convergence-scores.v1-0", 1L));
    }

    @Test
    void aScoreThatNamesANanSaysSo() {
        send(score(RUN, 1, 44, Verdict.DIVERGED, 1.5, "loss NaN at step 41"));

        assertThat(onlyCommand().getReason()).isEqualTo("the loss became NaN at or before step 44");
    }

    @Test
    void anInfiniteGradientAloneIsLeftToTheTrainer() {
        send(score(RUN, 1, 44, Verdict.CONVERGING, 1.5, "gradient norm infinite at step 41"));

        assertThat(commands.isEmpty()).isTrue();
    }

    @Test
    void theStepAndTheScoreOfTheSameDivergenceGiveOneCommand() {
        send(step(RUN, 1, 41, Double.NaN), score(RUN, 1, 41, Verdict.DIVERGED, 1.5, "loss NaN at step 41"));

        assertThat(onlyCommand().getStep()).isEqualTo(41);
    }

    @Test
    void runsAreWatchedApart() {
        send(step(RUN, 1, 1, Double.NaN), step(OTHER, 1, 1, 2.3), step(OTHER, 1, 2, Double.NaN));

        assertThat(commands.readValuesToList().stream().map(StopperTopologyTest::command))
                .extracting(RunCommand::getRunId)
                .containsExactly(RUN.toString(), OTHER.toString());
    }

    @Test
    void everythingReadOnceMoreGivesNoFurtherCommand() {
        Sent[] all = {
            event(RUN, 1, RunEventKind.STARTED, 0),
            step(RUN, 1, 1, 2.3),
            step(RUN, 1, 2, Double.NaN),
            score(RUN, 1, 2, Verdict.DIVERGED, 2.3, "loss NaN at step 2"),
        };
        send(all);
        send(all);
        assertThat(commands.readValuesToList()).hasSize(1);

        send(event(RUN, 1, RunEventKind.DIVERGED, 2, "demo-3fa2c1.vgg.sgd.s1.00aa11.a1.divergence"));
        send(all);
        assertThat(commands.isEmpty()).isTrue();
    }

    @Test
    void theEndingThatNamesTheCommandIsItsAcknowledgement() {
        send(step(RUN, 1, 2, Double.NaN));
        send(event(RUN, 1, RunEventKind.STOPPED, 3, onlyCommand().getCommandId()));

        assertThat(tally.counts().obeyed()).isEqualTo(1);
        assertThat(tally.counts().endedByThemselves()).isZero();
        assertThat(tally.counts().answered()).isEqualTo(1);
    }

    @Test
    void aTrainerThatWasQuickerThanItsCommandHasEndedByItself() {
        send(step(RUN, 1, 2, Double.NaN), event(RUN, 1, RunEventKind.DIVERGED, 2));
        onlyCommand();

        assertThat(tally.counts().obeyed()).isZero();
        assertThat(tally.counts().endedByThemselves()).isEqualTo(1);
    }

    @Test
    void anAcknowledgementCountsOnce() {
        send(step(RUN, 1, 2, Double.NaN));
        Sent ending = event(RUN, 1, RunEventKind.STOPPED, 3, onlyCommand().getCommandId());
        send(ending, ending);

        assertThat(tally.counts().obeyed()).isEqualTo(1);
    }

    @Test
    void aRunThatAlreadyEndedGetsNoCommand() {
        int attempt = 0;
        for (RunEventKind ending : List.of(
                RunEventKind.COMPLETED,
                RunEventKind.STOPPED,
                RunEventKind.DIVERGED,
                RunEventKind.FAILED,
                RunEventKind.RELEASED)) {
            attempt++;
            send(
                    event(RUN, attempt, RunEventKind.STARTED, 0),
                    event(RUN, attempt, ending, 2),
                    step(RUN, attempt, 2, Double.NaN),
                    score(RUN, attempt, 2, Verdict.DIVERGED, 2.3, "loss NaN at step 2"));
        }

        assertThat(commands.isEmpty()).isTrue();
    }

    @Test
    void aLaterAttemptThatDivergesAgainIsCommandedAgainUnderItsOwnName() {
        send(step(RUN, 1, 2, Double.NaN), event(RUN, 1, RunEventKind.RELEASED, 2));
        send(event(RUN, 2, RunEventKind.RESUMED, 0), step(RUN, 2, 1, 2.3), step(RUN, 2, 2, Double.NaN));

        assertThat(commands.readValuesToList().stream().map(StopperTopologyTest::command))
                .extracting(RunCommand::getCommandId)
                .containsExactly(
                        "demo-3fa2c1.vgg.sgd.s1.00aa11.a1.divergence", "demo-3fa2c1.vgg.sgd.s1.00aa11.a2.divergence");
    }

    @Test
    void whatAnEarlierAttemptLeftBehindIsIgnoredAndCounted() {
        send(
                event(RUN, 1, RunEventKind.STARTED, 0),
                event(RUN, 2, RunEventKind.RESUMED, 0),
                step(RUN, 1, 9, Double.NaN),
                score(RUN, 1, 9, Verdict.DIVERGED, 9, null),
                event(RUN, 1, RunEventKind.RELEASED, 9),
                step(RUN, 2, 1, 2.3));

        assertThat(commands.isEmpty()).isTrue();
        assertThat(tally.counts().olderAttempts()).isEqualTo(3);
    }

    @Test
    void anOrderToALostAttemptMayBeAnsweredByTheNextOne() {
        send(step(RUN, 1, 2, Double.NaN));
        send(
                event(RUN, 2, RunEventKind.RESUMED, 0),
                event(RUN, 2, RunEventKind.DIVERGED, 0, onlyCommand().getCommandId()));

        assertThat(tally.counts().obeyed()).isEqualTo(1);
    }

    @Test
    void anOrderToALostAttemptIsNotAnsweredByAnyOtherEndOfTheNextOne() {
        send(step(RUN, 1, 2, Double.NaN));
        send(event(RUN, 2, RunEventKind.RESUMED, 0), event(RUN, 2, RunEventKind.COMPLETED, 300));

        assertThat(tally.counts().answered()).isZero();
    }

    @Test
    void bytesThatAreNoRecordGoToTheDeadLettersAndProcessingGoesOn() {
        byte[] key = RUN.toString().getBytes(UTF_8);
        byte[] junk = {1, 2, 3};
        send(new Sent(Topics.STEP_METRICS.name(), key, junk), step(RUN, 1, 2, Double.NaN));

        TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
        assertThat(letter.key()).isEqualTo(key);
        assertThat(letter.value()).isEqualTo(junk);
        assertThat(header(letter.headers(), DeadLetter.TOPIC)).isEqualTo("couplet.step-metrics.v1");
        assertThat(header(letter.headers(), DeadLetter.PARTITION)).isEqualTo("0");
        assertThat(header(letter.headers(), DeadLetter.OFFSET)).isEqualTo("0");
        assertThat(header(letter.headers(), DeadLetter.SERVICE)).isEqualTo("early-stopper");
        assertThat(header(letter.headers(), DeadLetter.CAUSE)).startsWith("These 3 bytes are no StepMetrics");
        assertThat(tally.counts().deadLetters()).isEqualTo(1);
        onlyCommand();
    }

    /** Requests go through a topic of their own, which must hide neither where they were read nor that one has no key. */
    @Test
    void badRequestsGoToTheDeadLettersFromWhereTheyWereRead() {
        byte[] junk = {1, 2, 3};
        Sent good = request(RUN);
        send(new Sent(good.topic(), good.key(), junk), new Sent(good.topic(), null, good.value()));

        TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
        assertThat(letter.value()).isEqualTo(junk);
        assertThat(header(letter.headers(), DeadLetter.TOPIC)).isEqualTo("couplet.run-requests.v1");
        assertThat(header(letter.headers(), DeadLetter.OFFSET)).isEqualTo("0");
        letter = deadLetters.readRecord();
        assertThat(letter.value()).isEqualTo(good.value());
        assertThat(header(letter.headers(), DeadLetter.OFFSET)).isEqualTo("1");
        assertThat(header(letter.headers(), DeadLetter.CAUSE)).startsWith("The key is ");
        assertThat(tally.counts().deadLetters()).isEqualTo(2);
    }

    /** The ids of a run's orders are one record of the changelog: one of a megabyte would end the stopper for good. */
    @Test
    void anOrderWithAnIdWithoutMeasureGoesToTheDeadLetters() {
        send(Records.order(RUN, RunCommandKind.STOP, "x".repeat(201), 1));

        assertThat(header(deadLetters.readRecord().headers(), DeadLetter.CAUSE))
                .startsWith("The order's id has 201 characters, and 200 are the most");
    }

    @Test
    void aRecordUnderAnotherRunsKeyGoesToTheDeadLetters() {
        send(new Sent(
                Topics.STEP_METRICS.name(),
                OTHER.toString().getBytes(UTF_8),
                step(RUN, 1, 2, Double.NaN).value()));

        assertThat(header(deadLetters.readRecord().headers(), DeadLetter.CAUSE))
                .isEqualTo("The key is " + OTHER + ", the record tells of " + RUN);
        assertThat(commands.isEmpty()).isTrue();
    }

    @Test
    void aRecordOfSomethingThatIsNotNamedLikeARunGoesToTheDeadLetters() {
        Sent good = event(RUN, 1, RunEventKind.STARTED, 0);
        io.couplet.schemas.avro.RunEvent nameless =
                Topics.RUN_EVENTS.wire().decode(Objects.requireNonNull(good.value()));
        nameless.setRunId("nameless");
        send(Sent.of(Topics.RUN_EVENTS, "nameless", nameless));

        assertThat(header(deadLetters.readRecord().headers(), DeadLetter.CAUSE))
                .isEqualTo(
                        "A run id reads <study>.<backbone>.<optimizer>.s<seed>.<6 hex digits>, this one reads nameless");
    }

    @Test
    void aTombstoneIsCountedAndChangesNothing() {
        byte[] key = RUN.toString().getBytes(UTF_8);
        send(new Sent(Topics.CONVERGENCE_SCORES.name(), key, null), step(RUN, 1, 2, Double.NaN));

        onlyCommand();
        assertThat(tally.counts()).isEqualTo(new StopperCounts(3, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0));
    }

    @Test
    void finiteStepsWriteNothingToTheStoreOnceTheAttemptIsKnown() {
        send(event(RUN, 1, RunEventKind.STARTED, 0));
        Object known = driver.getKeyValueStore(StopperTopology.RUNS).get(RUN.toString());
        send(step(RUN, 1, 1, 2.3), step(RUN, 1, 2, 2.2));

        assertThat(driver.getKeyValueStore(StopperTopology.RUNS).get(RUN.toString()))
                .isEqualTo(known);
        assertThat(driver.producedTopicNames())
                .allMatch(topic -> topic.endsWith("runs-changelog") || topic.endsWith("by-study-repartition"));
    }

    private void send(Sent... records) {
        for (Sent record : records) {
            driver.createInputTopic(record.topic(), new ByteArraySerializer(), new ByteArraySerializer())
                    .pipeInput(record.key(), record.value(), BEGIN);
        }
    }

    private RunCommand onlyCommand() {
        List<TestRecord<byte[], byte[]>> written = commands.readRecordsToList();
        assertThat(written).hasSize(1);
        assertThat(new String(written.get(0).key(), UTF_8)).isEqualTo(RUN.toString());
        return command(written.get(0).value());
    }

    private static RunCommand command(byte[] bytes) {
        return Topics.RUN_COMMANDS.wire().decode(bytes);
    }

    private static String header(Headers headers, String name) {
        return new String(headers.lastHeader(name).value(), UTF_8);
    }
}
