package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.DeadLetter;
import io.couplet.schemas.Topic;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.DataReference;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.LayerStatistics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.avro.StudyGrid;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.data.DataSplit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class TrainerServiceTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private static EmbeddedBroker broker;
    private static KafkaProducer<String, byte[]> producer;

    @TempDir
    Path directory;

    @BeforeAll
    static void startBroker() throws Exception {
        broker = EmbeddedBroker.startInTemporaryDirectory();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
        }
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new StringSerializer(),
                new ByteArraySerializer());
    }

    @AfterAll
    static void stopBroker() {
        producer.close();
        broker.close();
    }

    @Test
    void trainsWhatWasSubmittedBeforeItCameAndCountsEveryStep() throws Exception {
        RunRequest one = submit(request("two", "resnet", "adamw", 12));
        RunRequest two = submit(request("two", "mlp-mixer", "sgd", 9));
        try (TrainerService service = TrainerService.start(settings(2))) {
            RunEvent firstEnd = awaitEvent(one, RunEventKind.COMPLETED);
            RunEvent secondEnd = awaitEvent(two, RunEventKind.COMPLETED);
            assertThat(firstEnd.getStepsTrained()).isEqualTo(12);
            assertThat(secondEnd.getStepsTrained()).isEqualTo(9);
            assertThat(firstEnd.getDeviceSeconds()).isPositive();
            // Started, the steps, two evaluations and what of their layers was measured in time; the end itself is not
            // among its own counts.
            int measured = read(Topics.LAYER_STATISTICS, one.getRunId()).size();
            assertThat(measured).isBetween(1, 2);
            assertThat(firstEnd.getRecordsEmitted()).isEqualTo(15 + measured);
            assertThat(firstEnd.getRecordsAcknowledged()).isEqualTo(15 + measured);
            assertThat(firstEnd.getRecordsSpooled()).isZero();
        }
        assertThat(steps(one)).hasSize(12).allSatisfy(step -> {
            assertThat(step.getAttempt()).isEqualTo(1);
            assertThat(step.getLoss()).isPositive();
        });
        assertThat(steps(one).stream().map(StepMetrics::getStep).distinct()).hasSize(12);
        assertThat(steps(two)).hasSize(9);
        List<Evaluation> evaluations = read(Topics.EVALUATIONS, one.getRunId());
        assertThat(evaluations).extracting(Evaluation::getStep).containsExactly(6, 12);
        assertThat(evaluations).extracting(Evaluation::getRung).containsExactly(1, 2);
        RunEvent started = events(one).get(0);
        assertThat(started.getKind()).isEqualTo(RunEventKind.STARTED);
        assertThat(started.getLearningRate()).isPositive();
        assertThat(started.getProvenance().getSettings())
                .containsEntry("optimizer.beta1", "0.9")
                .containsEntry("batchSize", "8");
        assertThat(started.getProvenance().getDevice()).isEqualTo("cpu");
        assertThat(started.getProvenance().getEngine()).contains("libtorch 2.7.1");
    }

    /** Needs no GPU: both runs ask for the CPU, of which this trainer has one, so that the worker beside it waits. */
    @Test
    void aRunThatAsksForACertainDeviceWaitsUntilThatIsFree() throws Exception {
        RunRequest one = request("device", "resnet", "sgd", 200);
        RunRequest two = request("device", "mlp-mixer", "sgd", 200);
        for (RunRequest request : List.of(one, two)) {
            request.setDevice("cpu");
            submit(request);
        }
        TrainerSettings settings = TrainerSettings.of(
                broker.bootstrapServers(), Map.of(), List.of("cpu", "gpu:0"), directory.resolve("spool"), "test", null);
        try (TrainerService service = TrainerService.start(settings)) {
            long firstEnd = Math.min(
                    awaitEvent(one, RunEventKind.COMPLETED).getTimeMillis(),
                    awaitEvent(two, RunEventKind.COMPLETED).getTimeMillis());
            long lastStart = Math.max(
                    awaitEvent(one, RunEventKind.STARTED).getTimeMillis(),
                    awaitEvent(two, RunEventKind.STARTED).getTimeMillis());
            assertThat(lastStart).isGreaterThanOrEqualTo(firstEnd);
        }
        assertThat(steps(one)).hasSize(200);
        assertThat(steps(two)).hasSize(200);
    }

    @Test
    void aStopCommandEndsARunBetweenStepsAndIsAcknowledged() throws Exception {
        RunRequest request = submit(request("stop", "resnet", "sgd", 1_000_000));
        try (TrainerService service = TrainerService.start(settings(1))) {
            await().atMost(PATIENCE).until(() -> steps(request).size() > 2);
            send(Topics.RUN_COMMANDS, request.getRunId(), stop(request, "plateau"));
            RunEvent end = awaitEvent(request, RunEventKind.STOPPED);
            assertThat(end.getCommandId()).isEqualTo("command-1");
            assertThat(end.getReason()).isEqualTo("It has not moved.");
            assertThat(steps(request)).hasSize((int) end.getStepsTrained());
        }
    }

    @Test
    void aRunThatWasStoppedBeforeItBeganIsNotTrained() throws Exception {
        RunRequest request = request("early", "resnet", "sgd", 1_000_000);
        send(Topics.RUN_COMMANDS, request.getRunId(), stop(request, "divergence"));
        submit(request);
        try (TrainerService service = TrainerService.start(settings(1))) {
            RunEvent end = awaitEvent(request, RunEventKind.DIVERGED);
            assertThat(end.getCommandId()).isEqualTo("command-1");
            assertThat(end.getStepsTrained()).isZero();
        }
        assertThat(steps(request)).isEmpty();
    }

    @Test
    void aPausedRunKeepsItsCheckpointAndGoesOnFromItWhenItIsAskedForAgain() throws Exception {
        TrainerSettings settings = settings(1).withCheckpoints(directory.resolve("paused"), 0);
        RunRequest request = submit(request("paused", "deit", "adamw", 300));
        Path checkpoint = directory.resolve("paused").resolve(request.getRunId() + ".checkpoint");
        RunCommand pause =
                RunCommand.newBuilder(stop(request, "person")).setPause(true).build();
        RunCommand resume = RunCommand.newBuilder(pause)
                .setCommandId("command-2")
                .setKind(RunCommandKind.RESUME)
                .build();
        try (TrainerService service = TrainerService.start(settings)) {
            await().atMost(PATIENCE).until(() -> steps(request).size() > 10);
            send(Topics.RUN_COMMANDS, request.getRunId(), pause);
            RunEvent paused = awaitEvent(request, RunEventKind.STOPPED);
            assertThat(paused.getPaused()).isTrue();
            assertThat(paused.getCommandId()).isEqualTo("command-1");
            assertThat(checkpoint).isRegularFile();
            send(Topics.RUN_COMMANDS, request.getRunId(), resume);
            // The order that was taken back, once more: it stands in the topic behind the one that took it back.
            send(Topics.RUN_COMMANDS, request.getRunId(), pause);
            RunRequest again = RunRequest.newBuilder(request)
                    .setSubmittedMillis(paused.getTimeMillis() + 1)
                    .build();
            submit(again);
            submit(again);
            RunEvent end = awaitEvent(request, RunEventKind.COMPLETED);
            assertThat(end.getAttempt()).isEqualTo(2);
            assertThat(end.getResumedAtStep()).isEqualTo(paused.getStep());
            RunRequest behind = submit(request("paused", "resnet", "sgd", 1));
            awaitEvent(behind, RunEventKind.COMPLETED);
        }
        assertThat(steps(request)).hasSize(300);
        assertThat(checkpoint).doesNotExist();
        assertThat(events(request))
                .extracting(RunEvent::getKind)
                .filteredOn(kind -> kind != RunEventKind.CHECKPOINTED)
                .containsExactly(
                        RunEventKind.STARTED, RunEventKind.STOPPED, RunEventKind.RESUMED, RunEventKind.COMPLETED);
    }

    @Test
    void aRequestSubmittedTwiceIsTrainedOnce() throws Exception {
        RunRequest request = submit(request("twice", "resnet", "lion", 5));
        submit(request);
        RunRequest behind = submit(request("twice", "resnet", "adam", 5));
        try (TrainerService service = TrainerService.start(settings(1))) {
            awaitEvent(behind, RunEventKind.COMPLETED);
        }
        assertThat(events(request))
                .extracting(RunEvent::getKind)
                .containsExactly(RunEventKind.STARTED, RunEventKind.COMPLETED);
        assertThat(steps(request)).hasSize(5);
    }

    @Test
    void aRunCutShortByAShutdownIsGivenBackAndTrainedByTheNextTrainer() throws Exception {
        RunRequest request = submit(request("released", "deit", "adamw", 400));
        try (TrainerService service = TrainerService.start(settings(1))) {
            await().atMost(PATIENCE).until(() -> !steps(request).isEmpty());
        }
        RunEvent released = awaitEvent(request, RunEventKind.RELEASED);
        assertThat(steps(request)).hasSize((int) released.getStepsTrained());
        try (TrainerService service = TrainerService.start(settings(1))) {
            RunEvent end = awaitEvent(request, RunEventKind.COMPLETED);
            assertThat(end.getAttempt()).isEqualTo(2);
            assertThat(end.getStepsTrained()).isEqualTo(400);
        }
        assertThat(steps(request).stream().filter(step -> step.getAttempt() == 2))
                .hasSize(400);
    }

    @Test
    void aRunWithACheckpointGoesOnWhereItWasCutShort() throws Exception {
        TrainerSettings settings = settings(1).withCheckpoints(directory.resolve("checkpoints"), 10);
        RunRequest request = submit(request("resumed", "deit", "adamw", 400));
        Path checkpoint = directory.resolve("checkpoints").resolve(request.getRunId() + ".checkpoint");
        try (TrainerService service = TrainerService.start(settings)) {
            await().atMost(PATIENCE).until(() -> steps(request).size() > 25);
        }
        int released = awaitEvent(request, RunEventKind.RELEASED).getStep();
        assertThat(checkpoint).isRegularFile();
        try (TrainerService service = TrainerService.start(settings)) {
            RunEvent end = awaitEvent(request, RunEventKind.COMPLETED);
            assertThat(end.getAttempt()).isEqualTo(2);
            assertThat(end.getResumedAtStep()).isEqualTo(released);
            assertThat(end.getStep()).isEqualTo(400);
            assertThat(end.getStepsTrained()).isEqualTo(400 - released);
        }
        RunEvent resumed = awaitEvent(request, RunEventKind.RESUMED);
        assertThat(resumed.getResumedAtStep()).isEqualTo(released);
        assertThat(resumed.getStep()).isEqualTo(released);
        assertThat(resumed.getProvenance()).isNotNull();
        assertThat(steps(request)).hasSize(400);
        assertThat(steps(request).stream()
                        .filter(step -> step.getAttempt() == 2)
                        .map(StepMetrics::getStep)
                        .findFirst())
                .contains(released + 1);
        assertThat(read(Topics.EVALUATIONS, request.getRunId()))
                .extracting(Evaluation::getStep)
                .containsExactly(200, 400);
        assertThat(events(request).stream()
                        .filter(event -> event.getKind() == RunEventKind.CHECKPOINTED)
                        .map(RunEvent::getStep))
                .contains(10, 20, released);
        assertThat(checkpoint).doesNotExist();
    }

    /** Whoever went on from it, with a spool of its own, would never tell the steps before it. */
    @Test
    void noCheckpointRestsOnRecordsThatKafkaDoesNotHave() throws Exception {
        RunRequest request = request("unsent", "deit", "adamw", 1_000_000);
        TrainerSettings settings;
        try (EmbeddedBroker own = EmbeddedBroker.startInTemporaryDirectory()) {
            Map<String, Object> properties = Map.of("bootstrap.servers", own.bootstrapServers());
            try (Admin admin = Admin.create(properties)) {
                TopicCreation.createMissing(admin, 1);
            }
            try (KafkaProducer<String, byte[]> ofIts =
                    new KafkaProducer<>(properties, new StringSerializer(), new ByteArraySerializer())) {
                ofIts.send(new ProducerRecord<>(
                                Topics.RUN_REQUESTS.name(),
                                request.getRunId(),
                                Topics.RUN_REQUESTS.wire().encode(request)))
                        .get();
            }
            settings = TrainerSettings.of(
                            own.bootstrapServers(), Map.of(), List.of("cpu"), directory.resolve("spool"), "test", null)
                    .withCheckpoints(directory.resolve("checkpoints"), 5);
            Path checkpoint = directory.resolve("checkpoints").resolve(request.getRunId() + ".checkpoint");
            try (TrainerService service = TrainerService.start(settings)) {
                await().atMost(PATIENCE).until(() -> Files.exists(checkpoint));
                own.close();
                await().atMost(PATIENCE).until(() -> holdsSegments(directory.resolve("spool")));
                TimeUnit.SECONDS.sleep(2); // one whose records Kafka had may just be written
                FileTime last = Files.getLastModifiedTime(checkpoint);
                TimeUnit.SECONDS.sleep(3); // many checkpoints' time
                assertThat(Files.getLastModifiedTime(checkpoint)).isEqualTo(last);
            }
        }
    }

    private static boolean holdsSegments(Path spool) throws IOException {
        try (Stream<Path> files = Files.list(spool)) {
            return files.anyMatch(file -> file.getFileName().toString().endsWith(".avro"));
        }
    }

    @Test
    void aCheckpointThatCannotBeReadIsABeginningFromTheStart() throws Exception {
        RunRequest request = request("damaged", "resnet", "sgd", 5);
        Path checkpoints = Files.createDirectories(directory.resolve("damaged"));
        Files.writeString(checkpoints.resolve(request.getRunId() + ".checkpoint"), "not a checkpoint");
        submit(request);
        try (TrainerService service = TrainerService.start(settings(1).withCheckpoints(checkpoints, 0))) {
            assertThat(awaitEvent(request, RunEventKind.COMPLETED).getStepsTrained())
                    .isEqualTo(5);
        }
        assertThat(events(request).get(0).getKind()).isEqualTo(RunEventKind.STARTED);
    }

    @Test
    void aDiskThatTakesNoCheckpointsCostsNoRun() throws Exception {
        Path file = Files.writeString(directory.resolve("in-the-way"), "");
        RunRequest request = submit(request("full", "resnet", "sgd", 6));
        try (TrainerService service =
                TrainerService.start(settings(1).withCheckpoints(file.resolve("checkpoints"), 1))) {
            awaitEvent(request, RunEventKind.COMPLETED);
        }
        assertThat(events(request))
                .extracting(RunEvent::getKind)
                .containsExactly(RunEventKind.STARTED, RunEventKind.COMPLETED);
        assertThat(steps(request)).hasSize(6);
    }

    /** On a file system of its own, with less room than one checkpoint takes; only root can mount it, and only on Linux. */
    @Test
    void aDiskThatIsFullCostsNoRunAndKeepsNoHalfCheckpoint() throws Exception {
        Path disk = Files.createDirectories(directory.resolve("disk"));
        assumeTrue(
                ended("mount", "-t", "tmpfs", "-o", "size=64k", "couplet-test", disk.toString()) == 0,
                "only root on Linux can mount a file system to fill");
        try {
            RunRequest request = submit(request("brimming", "resnet", "sgd", 6));
            try (TrainerService service = TrainerService.start(settings(1).withCheckpoints(disk, 1))) {
                awaitEvent(request, RunEventKind.COMPLETED);
            }
            assertThat(events(request))
                    .extracting(RunEvent::getKind)
                    .containsExactly(RunEventKind.STARTED, RunEventKind.COMPLETED);
            assertThat(steps(request)).hasSize(6);
            assertThat(disk).isEmptyDirectory();
        } finally {
            ended("umount", "-l", disk.toString());
        }
    }

    private static int ended(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) { // there is no such command
            return -1;
        }
    }

    @Test
    void theLayersOfABackboneAreMeasuredAtAnEvaluation() throws Exception {
        assertThat(settings(1).layerStatistics()).containsExactlyInAnyOrder(Backbones.Size.values());
        RunRequest request = submit(request("layers", "resnet", "sgd", 4));
        try (TrainerService service = TrainerService.start(settings(1))) {
            awaitEvent(request, RunEventKind.COMPLETED);
        }
        List<LayerStatistics> statistics = read(Topics.LAYER_STATISTICS, request.getRunId());
        LayerStatistics last = statistics.get(statistics.size() - 1);
        assertThat(last.getStep()).isEqualTo(4);
        assertThat(last.getAttempt()).isEqualTo(1);
        assertThat(last.getLayers()).isNotEmpty().allSatisfy(layer -> {
            assertThat(layer.getName()).endsWith("weight");
            assertThat(layer.getL2Norm()).isPositive();
            assertThat(layer.getEntropy()).isPositive();
            assertThat(layer.getTopPcaEnergy()).isBetween(0.0, 1.0);
        });
        RunRequest unmeasured = submit(request("unmeasured", "resnet", "adam", 4));
        try (TrainerService service = TrainerService.start(settings(1).withLayerStatistics(Set.of()))) {
            awaitEvent(unmeasured, RunEventKind.COMPLETED);
        }
        assertThat(read(Topics.LAYER_STATISTICS, unmeasured.getRunId())).isEmpty();
    }

    @Test
    void whatCannotBeTrainedFailsInOneSentenceAndTheWorkerGoesOn() throws Exception {
        RunRequest unknown = submit(request("bad", "resnt", "sgd", 5));
        RunRequest missing = request("bad", "resnet", "sgd", 5);
        missing.getData().setPath("/nowhere/at/all");
        submit(missing);
        RunRequest tooSmall = request("bad", "vgg", "sgd", 5);
        tooSmall.getData().setImageSize(20);
        submit(tooSmall);
        RunRequest good = submit(request("bad", "resnet", "adam", 5));
        try (TrainerService service = TrainerService.start(settings(1))) {
            assertThat(awaitEvent(unknown, RunEventKind.FAILED).getReason()).startsWith("unknown backbone 'resnt'");
            assertThat(awaitEvent(missing, RunEventKind.FAILED).getReason())
                    .contains("/nowhere/at/all")
                    .doesNotContain("Exception");
            assertThat(awaitEvent(tooSmall, RunEventKind.FAILED).getReason()).startsWith("imageSize must be");
            awaitEvent(good, RunEventKind.COMPLETED);
        }
    }

    @Test
    void aRunWhoseTrainersDiedThreeTimesIsFailed() throws Exception {
        RunRequest request = request("deadly", "resnet", "sgd", 5);
        for (int attempt = 1; attempt <= 3; attempt++) {
            send(Topics.RUN_EVENTS, request.getRunId(), started(request, attempt));
        }
        submit(request);
        try (TrainerService service = TrainerService.start(settings(1))) {
            RunEvent end = awaitEvent(request, RunEventKind.FAILED);
            assertThat(end.getAttempt()).isEqualTo(4);
            assertThat(end.getReason()).isEqualTo("Its trainer died 3 times while it was trained or made ready.");
        }
    }

    @Test
    void aRunThatKillsItsTrainersBeforeItBeginsIsFailedToo() throws Exception {
        RunRequest request = request("untimely", "resnet", "sgd", 5);
        for (int attempt = 1; attempt <= 3; attempt++) {
            send(Topics.RUN_EVENTS, request.getRunId(), claim(request, attempt, "trainer-" + attempt));
        }
        submit(request);
        try (TrainerService service = TrainerService.start(settings(1))) {
            assertThat(awaitEvent(request, RunEventKind.FAILED).getAttempt()).isEqualTo(4);
        }
    }

    /** Kafka drops at its tenth delivery; a copy that passed for a second request would be dropped too. */
    @Test
    void aRequestThatCameUpOftenGoesToTheEndOfTheQueueAndIsTrained() throws Exception {
        RunRequest request = request("often", "resnet", "sgd", 5);
        long offset = producer.send(new ProducerRecord<>(
                        Topics.RUN_REQUESTS.name(),
                        request.getRunId(),
                        Topics.RUN_REQUESTS.wire().encode(request)))
                .get()
                .offset();
        send(
                Topics.RUN_EVENTS,
                request.getRunId(),
                RunEvent.newBuilder(claim(request, 1, "dead"))
                        .setRequestOffset(offset)
                        .build());
        readsFromTheBeginning(TrainerSettings.DEFAULT_GROUP);
        try (RequestQueue queue = new RequestQueue(
                Map.of("bootstrap.servers", broker.bootstrapServers()), TrainerSettings.DEFAULT_GROUP)) {
            for (int released = 0; released < 7; ) {
                Optional<ConsumerRecord<byte[], byte[]>> record = queue.take(Duration.ofMillis(200));
                if (record.isPresent() && record.get().offset() == offset) {
                    queue.release();
                    released++;
                } else if (record.isPresent()) {
                    queue.accept();
                }
            }
        }
        try (TrainerService service = TrainerService.start(settings(1))) {
            assertThat(awaitEvent(request, RunEventKind.COMPLETED).getAttempt()).isEqualTo(2);
        }
        assertThat(events(request))
                .extracting(RunEvent::getKind)
                .containsExactly(RunEventKind.RELEASED, RunEventKind.STARTED, RunEventKind.COMPLETED);
        assertThat(read(Topics.RUN_REQUESTS, request.getRunId())).hasSize(2);
    }

    @Test
    void aNumberThatAnotherTrainerHasClaimedIsNotUsedAgain() throws Exception {
        RunRequest request = request("claimed", "resnet", "sgd", 5);
        send(Topics.RUN_EVENTS, request.getRunId(), claim(request, 1, "frozen"));
        submit(request);
        try (TrainerService service = TrainerService.start(settings(1))) {
            assertThat(awaitEvent(request, RunEventKind.COMPLETED).getAttempt()).isEqualTo(2);
        }
        assertThat(steps(request)).extracting(StepMetrics::getAttempt).containsOnly(2);
    }

    @Test
    void aShutdownWhileImagesAreReadGivesTheRunBackAndIsNoDeath() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        TrainingImages slow = new TrainingImages(null) {
            @Override
            public DataSplit open(DataReference reference) throws InterruptedException {
                reading.countDown();
                new CountDownLatch(1).await(); // as slow as images can be: only an interruption ends it
                throw new IllegalStateException("nobody has interrupted it");
            }
        };
        RunRequest request = submit(request("reading", "resnet", "sgd", 5));
        try (TrainerService service = TrainerService.start(settings(1), slow, InstantSource.system())) {
            assertThat(reading.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
        assertThat(awaitEvent(request, RunEventKind.RELEASED).getReason()).isEqualTo("The trainer shuts down.");
        RunHistory history = allEvents(request).stream().reduce(RunHistory.NONE, RunHistory::plus, (a, b) -> b);
        assertThat(history.broken()).isZero();
        try (TrainerService service = TrainerService.start(settings(1))) {
            assertThat(awaitEvent(request, RunEventKind.COMPLETED).getAttempt()).isEqualTo(2);
        }
    }

    @Test
    void anAttemptThatALaterOneHasTakenOverSaysThatItLivesAndNothingElse() throws Exception {
        RunRequest request = submit(request("taken", "resnet", "sgd", 1_000_000));
        try (TrainerService service = TrainerService.start(settings(1))) {
            await().atMost(PATIENCE).until(() -> steps(request).size() > 2);
            send(Topics.RUN_EVENTS, request.getRunId(), started(request, 2));
            RunEvent released = awaitEvent(request, RunEventKind.RELEASED);
            assertThat(released.getAttempt()).isEqualTo(1);
            assertThat(released.getReason()).isEqualTo("Another attempt has taken over.");
            assertThat(steps(request)).hasSize((int) released.getStepsTrained());
            // What a request that comes up again would meet: one attempt that may have died, and not two.
            RunHistory history = allEvents(request).stream().reduce(RunHistory.NONE, RunHistory::plus, (a, b) -> b);
            assertThat(history.broken()).isEqualTo(1);
            RunRequest behind = submit(request("taken", "resnet", "adam", 1));
            awaitEvent(behind, RunEventKind.COMPLETED);
        }
        assertThat(events(request))
                .extracting(RunEvent::getKind)
                .containsExactly(RunEventKind.STARTED, RunEventKind.STARTED, RunEventKind.RELEASED);
    }

    @Test
    void aClockThatJumpsChangesNoCount() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        InstantSource jumping = () -> Instant.now().plus(Duration.ofDays(asked.getAndIncrement() % 5 - 2));
        RunRequest request = submit(request("clock", "resnet", "sgd", 12));
        try (TrainerService service = TrainerService.start(settings(1), new TrainingImages(null), jumping)) {
            RunEvent end = awaitEvent(request, RunEventKind.COMPLETED);
            assertThat(end.getStepsTrained()).isEqualTo(12);
            assertThat(end.getDeviceSeconds()).isBetween(0.0, PATIENCE.toSeconds() * 1.0);
            assertThat(end.getRecordsEmitted()).isEqualTo(end.getRecordsAcknowledged());
        }
        assertThat(asked).hasValueGreaterThan(12);
        assertThat(steps(request)).hasSize(12);
        assertThat(events(request))
                .extracting(RunEvent::getKind)
                .containsExactly(RunEventKind.STARTED, RunEventKind.COMPLETED);
    }

    /** Whatever breaks before the run begins, an Error among it, is told: untold it would come up again for ever. */
    @Test
    void anErrorBeforeTheRunBeginsIsItsFailure() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        InstantSource clock = () -> {
            if (Thread.currentThread().getName().endsWith("-training") && asked.getAndIncrement() == 0) {
                throw new StackOverflowError("too deep");
            }
            return Instant.now();
        };
        RunRequest request = submit(request("overflow", "resnet", "sgd", 5));
        try (TrainerService service = TrainerService.start(settings(1), new TrainingImages(null), clock)) {
            assertThat(awaitEvent(request, RunEventKind.FAILED).getReason())
                    .isEqualTo("java.lang.StackOverflowError: too deep");
        }
        assertThat(events(request)).hasSize(1);
    }

    @Test
    void aRunEventWithoutAValueIsPassedOver() throws Exception {
        producer.send(new ProducerRecord<>(Topics.RUN_EVENTS.name(), "without-a-value", null))
                .get();
        RunRequest request = submit(request("beside", "resnet", "sgd", 5));
        try (TrainerService service = TrainerService.start(settings(1))) {
            awaitEvent(request, RunEventKind.COMPLETED);
            assertThat(service.failure()).isNull();
        }
    }

    @Test
    void aRequestWithoutAValueGoesToTheDeadLetters() throws Exception {
        producer.send(new ProducerRecord<>(Topics.RUN_REQUESTS.name(), "empty", null))
                .get();
        try (TrainerService service = TrainerService.start(settings(1))) {
            await().atMost(PATIENCE).until(() -> deadLetter("empty").isPresent());
        }
        assertThat(new String(
                        deadLetter("empty")
                                .orElseThrow()
                                .headers()
                                .lastHeader(DeadLetter.CAUSE)
                                .value(),
                        StandardCharsets.UTF_8))
                .isEqualTo("the record has no value");
    }

    @Test
    void aRequestThatNobodyCanReadGoesToTheDeadLetters() throws Exception {
        producer.send(new ProducerRecord<>(Topics.RUN_REQUESTS.name(), "garbled", new byte[] {1, 2, 3}))
                .get();
        try (TrainerService service = TrainerService.start(settings(1))) {
            await().atMost(PATIENCE).until(() -> deadLetter("garbled").isPresent());
        }
        ConsumerRecord<String, byte[]> letter = deadLetter("garbled").orElseThrow();
        assertThat(new String(letter.headers().lastHeader(DeadLetter.SERVICE).value(), StandardCharsets.UTF_8))
                .isEqualTo("trainer");
    }

    @Test
    void aRequestWhoseRunIdIsNoneGoesToTheDeadLetters() throws Exception {
        RunRequest forged = request("forged", "resnet", "sgd", 5);
        forged.setRunId("forged\n2026-11-28T00:00:00.000Z INFO all is well");
        send(Topics.RUN_REQUESTS, "forged", forged);
        try (TrainerService service = TrainerService.start(settings(1))) {
            await().atMost(PATIENCE).until(() -> deadLetter("forged").isPresent());
        }
        assertThat(cause("forged")).startsWith("A run id reads <study>");
        assertThat(events(forged)).isEmpty();
    }

    @Test
    void aTrainerOfOneStudyRefusesFilesThatTheStudyDoesNotName() throws Exception {
        RunRequest own = submit(request("only", "resnet", "sgd", 2));
        RunRequest file = request("only", "mlp-mixer", "sgd", 2);
        file.setBackboneFile("/home/somebody/evil.pt");
        RunRequest weights = request("only", "mlp-mixer", "adam", 2);
        weights.setWeights("/home/somebody/evil.safetensors");
        RunRequest images = request("only", "mlp-mixer", "lion", 2);
        images.getData().setPath("/home/victim/pictures");
        submit(file);
        submit(weights);
        submit(images);
        RunRequest grown = submit(request("only", "resnet", "adamw", 2));
        try (TrainerService service = TrainerService.start(settings(1).withOnlyStudy(List.of(own)))) {
            awaitEvent(own, RunEventKind.COMPLETED);
            awaitEvent(grown, RunEventKind.COMPLETED);
        }
        String rest = " that the study only-000000 as it is trained here does not name: put it into the study, and run"
                + " that again.";
        assertThat(reason(file)).isEqualTo("The request names a TorchScript file" + rest);
        assertThat(reason(weights)).isEqualTo("The request names weights" + rest);
        assertThat(reason(images)).isEqualTo("The request names images" + rest);
    }

    private static String reason(RunRequest failed) {
        return String.valueOf(awaitEvent(failed, RunEventKind.FAILED).getReason());
    }

    private static String cause(String key) {
        return new String(
                deadLetter(key)
                        .orElseThrow()
                        .headers()
                        .lastHeader(DeadLetter.CAUSE)
                        .value(),
                StandardCharsets.UTF_8);
    }

    @Test
    void aRenewedRequestStaysWithItsHolderUntilItIsAccepted() throws Exception {
        // A group of its own: it sees every request of this class from the beginning.
        TrainerSettings settings = settings(1);
        Map<String, Object> properties = Map.of("bootstrap.servers", broker.bootstrapServers());
        submit(request("renewed", "resnet", "sgd", 1));
        readsFromTheBeginning("renewals");
        try (RequestQueue queue = new RequestQueue(properties, "renewals")) {
            await().atMost(PATIENCE)
                    .until(() -> queue.take(Duration.ofMillis(200)).isPresent());
            assertThat(queue.renew()).isTrue();
            assertThat(queue.renew()).isTrue();
            queue.accept();
            assertThat(queue.renew()).isFalse();
        }
        assertThat(settings.lock()).isEqualTo(Duration.ofSeconds(30));
    }

    /** An orderly shutdown wakes the queue up while it renews or acknowledges. */
    @Test
    void aWakeUpCostsNoLockAndNoAcknowledgement() throws Exception {
        Map<String, Object> properties = Map.of("bootstrap.servers", broker.bootstrapServers());
        readsFromTheBeginning("woken");
        RunRequest request = submit(request("woken", "resnet", "sgd", 1));
        String accepted;
        try (RequestQueue queue = new RequestQueue(properties, "woken")) {
            List<String> taken = takeUntil(queue, request);
            accepted = taken.get(taken.size() - 1);
            queue.wakeUp();
            assertThat(queue.renew()).isTrue();
            queue.wakeUp();
            queue.accept();
        }
        RunRequest behind = submit(request("woken", "resnet", "adam", 1));
        try (RequestQueue queue = new RequestQueue(properties, "woken")) {
            assertThat(takeUntil(queue, behind)).doesNotContain(accepted);
        }
    }

    /** Where each of the requests up to one was read; that one is still held. */
    private static List<String> takeUntil(RequestQueue queue, RunRequest wanted) {
        List<String> taken = new ArrayList<>();
        await().atMost(PATIENCE).until(() -> {
            Optional<ConsumerRecord<byte[], byte[]>> record = queue.take(Duration.ofMillis(200));
            record.ifPresent(each -> taken.add(each.partition() + " " + each.offset()));
            boolean found = record.isPresent()
                    && new String(record.get().key(), StandardCharsets.UTF_8).equals(wanted.getRunId());
            if (!found) {
                queue.accept();
            }
            return found;
        });
        return taken;
    }

    private static void readsFromTheBeginning(String group) throws Exception {
        configureGroup(group, "share.auto.offset.reset", "earliest");
    }

    /** The lock's time is Kafka's least, 15 s. */
    @Test
    void aRequestWhoseLockIsLostCanBeTakenAgainByTheSameTrainer() throws Exception {
        Map<String, Object> properties = Map.of("bootstrap.servers", broker.bootstrapServers());
        submit(request("lost", "resnet", "sgd", 1));
        readsFromTheBeginning("short-locks");
        configureGroup("short-locks", "share.record.lock.duration.ms", "15000");
        try (RequestQueue queue = new RequestQueue(properties, "short-locks");
                RequestQueue other = new RequestQueue(properties, "short-locks")) {
            ConsumerRecord<byte[], byte[]> taken = await().atMost(PATIENCE)
                    .until(() -> queue.take(Duration.ofMillis(200)), Optional::isPresent)
                    .orElseThrow();
            await().atMost(PATIENCE).until(() -> {
                boolean lapsed = other.take(Duration.ofMillis(200))
                        .filter(record -> record.offset() == taken.offset())
                        .isPresent();
                other.release();
                return lapsed;
            });
            assertThat(queue.renew()).isFalse();
            await().atMost(PATIENCE)
                    .until(() -> queue.take(Duration.ofMillis(200)).isPresent());
            queue.accept();
        }
    }

    private static void configureGroup(String group, String name, String value) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.GROUP, group),
                            List.of(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
        }
    }

    @Test
    void withoutTopicsItSaysWhatToDo() {
        try (EmbeddedBroker bare = EmbeddedBroker.startInTemporaryDirectory()) {
            TrainerSettings settings = TrainerSettings.of(
                    bare.bootstrapServers(), Map.of(), List.of("cpu"), directory.resolve("bare"), "test", null);
            assertThatThrownBy(() -> TrainerService.start(settings))
                    .hasMessageStartingWith(
                            "Kafka at " + bare.bootstrapServers() + " has no topic couplet.dead-letters.v1, ")
                    .hasMessageEndingWith(": create them with couplet topics create.");
        }
    }

    @Test
    void aKafkaWithoutShareGroupsIsSaid() throws Exception {
        try (EmbeddedBroker old = EmbeddedBroker.startInTemporaryDirectory();
                Admin admin = Admin.create(Map.of("bootstrap.servers", old.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
            admin.updateFeatures(
                            Map.of(
                                    "share.version",
                                    new FeatureUpdate((short) 0, FeatureUpdate.UpgradeType.UNSAFE_DOWNGRADE)),
                            new UpdateFeaturesOptions())
                    .all()
                    .get();
            TrainerSettings settings = TrainerSettings.of(
                    old.bootstrapServers(), Map.of(), List.of("cpu"), directory.resolve("old"), "test", null);
            assertThatThrownBy(() -> TrainerService.start(settings))
                    .hasMessageStartingWith("Kafka at " + old.bootstrapServers() + " has no share groups")
                    .hasMessageContaining("Kafka 4.2 or newer with share groups");
        }
    }

    private TrainerSettings settings(int slots) {
        return TrainerSettings.of(
                broker.bootstrapServers(),
                Map.of(),
                TrainerSettings.cpuSlots(slots),
                directory.resolve("spool"),
                "test",
                null);
    }

    private static RunRequest request(String study, String backbone, String optimizer, int steps) {
        String studyId = study + "-000000";
        return RunRequest.newBuilder()
                .setRunId(studyId + "." + backbone + "." + optimizer + ".s0.000000")
                .setStudyId(studyId)
                .setStudyName(study)
                .setBackbone(backbone)
                .setOptimizer(optimizer)
                .setSeed(0)
                .setBackboneSize("nano")
                .setHyperparameterPoint(0)
                .setRecipe("torch-style")
                .setWarmupSteps(0)
                .setBudgetSteps(steps)
                .setBatchSize(8)
                .setRungs(List.of(0.5, 1.0))
                .setData(DataReference.newBuilder()
                        .setValidationFraction(0.2)
                        .setImageSize(16)
                        .setSeed(0)
                        .setLimit(100)
                        .build())
                .setGrid(StudyGrid.newBuilder()
                        .setBackbones(List.of(backbone))
                        .setOptimizers(List.of(optimizer))
                        .setSeeds(List.of(0L))
                        .setHyperparameterPoints(1)
                        .build())
                .setSubmittedMillis(0)
                .build();
    }

    private static RunCommand stop(RunRequest request, String rule) {
        return RunCommand.newBuilder()
                .setRunId(request.getRunId())
                .setStudyId(request.getStudyId())
                .setCommandId("command-1")
                .setKind(RunCommandKind.STOP)
                .setRule(rule)
                .setRuleVersion(1)
                .setRequestedBy("early-stopper")
                .setReason("It has not moved.")
                .setPeers(List.of())
                .setInputOffsets(Map.of())
                .setShadow(false)
                .setTimeMillis(0)
                .build();
    }

    private static RunEvent started(RunRequest request, int attempt) {
        return RunEvent.newBuilder()
                .setRunId(request.getRunId())
                .setStudyId(request.getStudyId())
                .setAttempt(attempt)
                .setBackbone(request.getBackbone())
                .setOptimizer(request.getOptimizer())
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setKind(RunEventKind.STARTED)
                .setStep(0)
                .setBudgetSteps(5)
                .setWarmupSteps(0)
                .setResumedAtStep(0)
                .setStepsTrained(0)
                .setDeviceSeconds(0)
                .setTimeMillis(0)
                .build();
    }

    private static RunEvent claim(RunRequest request, int attempt, String whose) {
        return RunEvent.newBuilder(started(request, attempt))
                .setKind(RunEventKind.PREPARING)
                .setClaim(whose)
                .build();
    }

    private static RunRequest submit(RunRequest request) throws Exception {
        send(Topics.RUN_REQUESTS, request.getRunId(), request);
        return request;
    }

    private static <T extends SpecificRecord> void send(Topic<T> topic, String key, T value) throws Exception {
        producer.send(new ProducerRecord<>(topic.name(), key, topic.wire().encode(value)))
                .get();
    }

    private static RunEvent awaitEvent(RunRequest request, RunEventKind kind) {
        return await().atMost(PATIENCE)
                .until(
                        () -> events(request).stream()
                                .filter(event -> event.getKind() == kind)
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    /** What was told of it, without the claims. */
    private static List<RunEvent> events(RunRequest request) {
        return allEvents(request).stream()
                .filter(event -> event.getKind() != RunEventKind.PREPARING)
                .toList();
    }

    private static List<RunEvent> allEvents(RunRequest request) {
        return read(Topics.RUN_EVENTS, request.getRunId());
    }

    private static List<StepMetrics> steps(RunRequest request) {
        return read(Topics.STEP_METRICS, request.getRunId());
    }

    private static Optional<ConsumerRecord<String, byte[]>> deadLetter(String key) {
        return readRaw(Topics.DEAD_LETTERS, key::equals).stream().findFirst();
    }

    private static <T extends SpecificRecord> List<T> read(Topic<T> topic, String key) {
        return readRaw(topic.name(), key::equals).stream()
                .map(record -> topic.wire().decode(record.value()))
                .toList();
    }

    /** Everything that is in a topic now. */
    private static List<ConsumerRecord<String, byte[]>> readRaw(String topic, Predicate<String> key) {
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<ConsumerRecord<String, byte[]>> found = new ArrayList<>();
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    if (key.test(record.key())) {
                        found.add(record);
                    }
                }
            }
            return found;
        }
    }
}
