package io.couplet.trainer.worker;

import io.couplet.producers.Counts;
import io.couplet.producers.MetricPublisher;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.LayerStatistics;
import io.couplet.schemas.avro.Provenance;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.trainer.backbones.ParameterLayout;
import io.couplet.trainer.checkpoints.Checkpoint;
import io.couplet.trainer.data.DataException;
import io.couplet.trainer.data.DataSplit;
import io.couplet.trainer.statistics.LayerStatistic;
import io.couplet.trainer.statistics.StatisticsThread;
import io.couplet.trainer.training.Checkpointing;
import io.couplet.trainer.training.EvaluationResult;
import io.couplet.trainer.training.Outcome;
import io.couplet.trainer.training.StepResult;
import io.couplet.trainer.training.StopSignal;
import io.couplet.trainer.training.Torch;
import io.couplet.trainer.training.Training;
import io.couplet.trainer.training.TrainingData;
import io.couplet.trainer.training.TrainingListener;
import io.couplet.trainer.training.TrainingPlan;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One attempt at a run: reads its images, trains, and tells everything that happens. Runs on the calling thread. */
final class Attempt implements TrainingListener {
    private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);
    private static final Duration FLUSH = Duration.ofSeconds(10);
    /** Before a checkpoint; while Kafka is away training waits no longer than that for it, then the records go to the spool. */
    private static final Duration FLUSH_BEFORE_CHECKPOINT = Duration.ofSeconds(1);

    private static final Duration STATISTICS = Duration.ofSeconds(30);
    private static final String SHUTS_DOWN = "The trainer shuts down.";

    /** What is to become of the request. */
    enum End {
        /** The run is over. */
        DONE,
        /** Another attempt shall be made. */
        GIVEN_BACK,
        /** It said nothing of its end: the very same record of the queue comes up again. */
        BROKEN
    }

    private final RunRequest request;
    private final long requestOffset;
    private final int number;
    private final String workerDevice;
    private final TrainerSettings settings;
    private final TrainingImages images;
    private final MetricPublisher publisher;
    private final RunLedger ledger;
    private final InstantSource clock;
    private final BooleanSupplier closing;
    private final TrainerMeters meters;
    private final Counts before;
    private final RunCheckpoints checkpoints;
    private @Nullable TrainingPlan plan;
    private @Nullable StatisticsThread statistics;
    private int classes;
    private int resumedAt;
    private boolean begun;

    Attempt(
            RunRequest request,
            long requestOffset,
            int number,
            String workerDevice,
            TrainerSettings settings,
            TrainingImages images,
            MetricPublisher publisher,
            RunLedger ledger,
            InstantSource clock,
            BooleanSupplier closing,
            TrainerMeters meters) {
        this.request = request;
        this.requestOffset = requestOffset;
        this.number = number;
        this.workerDevice = workerDevice;
        this.settings = settings;
        this.images = images;
        this.publisher = publisher;
        this.ledger = ledger;
        this.clock = clock;
        this.closing = closing;
        this.meters = meters;
        this.before = publisher.counts(request.getRunId());
        this.checkpoints =
                new RunCheckpoints(settings.checkpoints(), request.getRunId(), settings.trainerId() + "-" + number);
    }

    /** Whether nobody has tried before. */
    boolean isFirst() {
        return number == 1;
    }

    /** That this attempt wants its number, and works off this request. */
    RunEvent claim(String whose) {
        return event(RunEventKind.PREPARING)
                .setRequestOffset(requestOffset)
                .setClaim(whose)
                .build();
    }

    /** Ends it where it waits or reads, unless the training has begun or it is about to tell what became of it. */
    synchronized void interruptUnlessBegun(Thread thread) {
        if (!begun) {
            thread.interrupt();
        }
    }

    private synchronized void begin() {
        begun = true;
        Thread.interrupted(); // that the trainer shuts down is asked for between steps
    }

    /** @throws InterruptedException when the trainer shuts down while what happened is told */
    End run() throws InterruptedException {
        Outcome outcome;
        try {
            outcome = train();
        } catch (InterruptedException e) {
            outcome = new Outcome.Stopped(resumedAt, 0, SHUTS_DOWN);
        } catch (DataException | IllegalArgumentException e) {
            outcome = failed(String.valueOf(e.getMessage()));
        } catch (RuntimeException
                | Error e) { // whatever it is, untold it would have the request come up again for ever
            LOG.error("run {} attempt {} broke", request.getRunId(), number, e);
            outcome = failed(e.toString());
        }
        begin();
        return end(outcome);
    }

    /** What fails because it was interrupted, a file that was being read say, does not fail for its own sake. */
    private Outcome failed(String reason) {
        return Thread.interrupted()
                ? new Outcome.Stopped(resumedAt, 0, SHUTS_DOWN)
                : new Outcome.Failed(resumedAt, 0, reason);
    }

    private Outcome train() throws DataException, InterruptedException {
        if (request.getBackboneFile() != null) {
            LOG.warn(
                    "run {}: {} is TorchScript, which can run any code it likes on this trainer: train only files whose author you trust",
                    request.getRunId(),
                    request.getBackboneFile());
        }
        TrainingPlan planned = RunPlans.plan(request, workerDevice, new RequestFiles(settings.dataRoot()));
        plan = planned;
        DataSplit split = images.open(request.getData());
        classes = split.classCount();
        TrainingData data = TrainingImages.trainingData(split, planned.recipe());
        Training.Beginning beginning = beginning(planned, split);
        Optional<Checkpoint> checkpoint = checkpoints.read(Training.identity(
                request.getRunId(), planned, beginning, data, split.report().fingerprint()));
        resumedAt = checkpoint.map(Checkpoint::step).orElse(0);
        publish(event(resumedAt == 0 ? RunEventKind.STARTED : RunEventKind.RESUMED)
                .setStep(resumedAt)
                .setRequestOffset(requestOffset)
                .setSchedule(planned.settings().get("schedule"))
                .setProvenance(provenance(planned, split, beginning))
                .build());
        begin();
        LOG.info("run {} attempt {} starts on {} at step {}", request.getRunId(), number, planned.device(), resumedAt);
        if (settings.layerStatistics().contains(planned.size())) {
            statistics = new StatisticsThread(Thread.currentThread().getName() + "-statistics", this::publish);
        }
        try {
            return Training.run(
                    planned,
                    data,
                    this,
                    stopSignal(),
                    new Checkpointing(
                            checkpoint.orElse(null),
                            settings.checkpointSteps(),
                            checkpoints.wanted() ? this::keep : null));
        } finally {
            finishStatistics();
        }
    }

    /**
     * Keeps the state after Kafka has all that was told up to it: whoever goes on from it will not tell it again, and records that are only in this trainer's spool would come too late
     * behind those, or never. A run that another trainer has is not kept over its head.
     */
    private void keep(Checkpoint checkpoint) {
        if (isTaken()) {
            return;
        }
        try {
            if (!publisher.flush(request.getRunId(), FLUSH_BEFORE_CHECKPOINT)) {
                LOG.info(
                        "run {} attempt {}: no checkpoint at step {}, since Kafka does not have its records yet",
                        request.getRunId(),
                        number,
                        checkpoint.step());
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        if (checkpoints.write(checkpoint)) {
            publish(event(RunEventKind.CHECKPOINTED)
                    .setStep(checkpoint.step())
                    .setStepsTrained(checkpoint.step() - resumedAt)
                    .build());
        }
    }

    @Override
    public void onWeights(int step, ParameterLayout layout, Supplier<float[]> parameters) {
        if (statistics != null) {
            statistics.measure(step, layout, parameters);
        }
    }

    private void publish(int step, List<LayerStatistic> layers) {
        publisher.publish(
                Topics.LAYER_STATISTICS,
                request.getRunId(),
                LayerStatistics.newBuilder()
                        .setRunId(request.getRunId())
                        .setStudyId(request.getStudyId())
                        .setAttempt(number)
                        .setStep(step)
                        .setLayers(layers.stream()
                                .map(layer -> io.couplet.schemas.avro.LayerStatistic.newBuilder()
                                        .setName(layer.name())
                                        .setParameters(layer.parameters())
                                        .setAlpha(layer.alpha())
                                        .setEntropy(layer.entropy())
                                        .setL2Norm(layer.l2Norm())
                                        .setTopPcaEnergy(layer.topPcaEnergy())
                                        .build())
                                .toList())
                        .setTimeMillis(clock.millis())
                        .build());
    }

    private void finishStatistics() throws InterruptedException {
        StatisticsThread thread = statistics;
        if (thread == null) {
            return;
        }
        thread.finish(STATISTICS);
        if (thread.skipped() > 0) {
            LOG.warn(
                    "run {} attempt {}: {} of {} layer statistics took too long or failed, and were skipped",
                    request.getRunId(),
                    number,
                    thread.skipped(),
                    thread.skipped() + thread.measured());
        }
    }

    private boolean isTaken() {
        return ledger.history(request.getRunId()).attempts() > number;
    }

    /** Why to stop, most final first. */
    private StopSignal stopSignal() {
        return () -> {
            Optional<RunCommand> command = ledger.stop(request.getRunId());
            if (command.isPresent()) {
                return Optional.of(command.get().getReason());
            }
            if (isTaken()) {
                return Optional.of("Another attempt has taken over.");
            }
            return closing.getAsBoolean() ? Optional.of(SHUTS_DOWN) : Optional.empty();
        };
    }

    @Override
    public void onStep(StepResult step) {
        meters.stepped(step.nanos());
        publisher.publish(
                Topics.STEP_METRICS,
                request.getRunId(),
                metrics(
                        request.getRunId(),
                        number,
                        request.getBudgetSteps(),
                        request.getWarmupSteps(),
                        step,
                        clock.millis()));
    }

    /** The record of a step. */
    static StepMetrics metrics(
            String runId, int attempt, int budgetSteps, int warmupSteps, StepResult step, long timeMillis) {
        return StepMetrics.newBuilder()
                .setRunId(runId)
                .setAttempt(attempt)
                .setStep(step.step())
                .setBudgetSteps(budgetSteps)
                .setWarmupSteps(warmupSteps)
                .setEpoch((float) step.epoch())
                .setLoss(step.loss())
                .setLearningRate(step.learningRate())
                .setGradientNorm((float) step.gradientNorm())
                .setUpdateRatio((float) step.updateToWeightRatio())
                .setBatchAccuracy((float) step.batchAccuracy())
                .setSamplesPerSecond((float) step.samplesPerSecond())
                .setTimeMillis(timeMillis)
                .build();
    }

    @Override
    public void onEvaluation(EvaluationResult evaluation) {
        publisher.publish(
                Topics.EVALUATIONS,
                request.getRunId(),
                Evaluation.newBuilder()
                        .setRunId(request.getRunId())
                        .setStudyId(request.getStudyId())
                        .setAttempt(number)
                        .setBackbone(request.getBackbone())
                        .setOptimizer(request.getOptimizer())
                        .setSeed(request.getSeed())
                        .setHyperparameterPoint(request.getHyperparameterPoint())
                        .setLearningRate(plan == null ? null : plan.learningRate())
                        .setWeightDecay(weightDecay())
                        .setStep(evaluation.step())
                        .setBudgetSteps(request.getBudgetSteps())
                        .setRung(evaluation.rung())
                        .setRungs(request.getRungs().size())
                        .setFraction(evaluation.fraction())
                        .setLoss(evaluation.loss())
                        .setTop1(evaluation.top1())
                        .setTop5(evaluation.top5())
                        .setSamples(evaluation.samples())
                        .setClasses(classes)
                        .setTargetTop1(request.getTargetTop1())
                        .setTargetLoss(request.getTargetLoss())
                        .setDeviceSeconds(evaluation.deviceSeconds())
                        .setTimeMillis(clock.millis())
                        .build());
    }

    /** Tells how it ended, with the counts that prove that nothing is missing, and waits until Kafka or the spool has it. */
    private End end(Outcome outcome) throws InterruptedException {
        boolean acknowledged = publisher.flush(FLUSH); // false for ever once a record was lost
        if (acknowledged || !closing.getAsBoolean()) {
            ledger.catchUp(); // a process that was frozen does not know yet what others told meanwhile
        }
        if (isTaken()) {
            // The run is another trainer's now, which speaks for it and keeps its checkpoint.
            LOG.warn("run {} attempt {} ends unheard: {}", request.getRunId(), number, outcome);
            releaseSuperseded(outcome);
            // Where this trainer held the request all the time, the other one trains without it.
            return ledger.history(request.getRunId()).worksOff(requestOffset) ? End.BROKEN : End.DONE;
        }
        RunEvent.Builder event;
        End end = End.DONE;
        if (outcome instanceof Outcome.Completed) {
            event = event(RunEventKind.COMPLETED);
        } else if (outcome instanceof Outcome.Diverged diverged) {
            event = event(RunEventKind.DIVERGED).setReason(diverged.reason());
        } else if (outcome instanceof Outcome.Failed failed) {
            event = event(RunEventKind.FAILED).setReason(failed.reason());
        } else {
            String reason = ((Outcome.Stopped) outcome).reason();
            Optional<RunCommand> command = ledger.stop(request.getRunId());
            if (command.isPresent()) {
                event = event(command.get());
            } else {
                event = event(RunEventKind.RELEASED).setReason(reason);
                end = End.GIVEN_BACK;
            }
        }
        boolean told = publishEnd(counted(event, outcome));
        LOG.info("run {} attempt {}: {}", request.getRunId(), number, outcome);
        if (!told) {
            return End.BROKEN;
        }
        // Whoever met a copy of the request before Kafka has that this attempt let go would take it for a second one.
        return end == End.DONE || publisher.flush(request.getRunId(), Duration.ZERO) ? end : End.BROKEN;
    }

    /** An attempt that lost its request, but not its life, is not to count as a death. */
    private void releaseSuperseded(Outcome outcome) throws InterruptedException {
        publish(counted(event(RunEventKind.RELEASED).setReason("Another attempt has taken over."), outcome));
        publisher.flush(FLUSH);
    }

    /**
     * Tells an end, and takes note of it only where it will not be lost: else the request comes up again where it was. The checkpoint goes when Kafka has the end of a run that is over for
     * good; where it has not within {@link #FLUSH}, the checkpoint stays on the disk, unless somebody meets the request anew.
     */
    private boolean publishEnd(RunEvent event) throws InterruptedException {
        long lost = publisher.counts(request.getRunId()).lost();
        publisher.publish(Topics.RUN_EVENTS, request.getRunId(), event);
        boolean withKafka = publisher.flush(request.getRunId(), FLUSH);
        Counts counts = publisher.counts(request.getRunId());
        if (counts.lost() > lost || (!withKafka && counts.inFlight() > 0)) {
            LOG.error(
                    "run {} attempt {}: its end ({}) is lost, or only in memory",
                    request.getRunId(),
                    number,
                    event.getKind());
            return false;
        }
        ledger.note(event);
        meters.told(event.getKind());
        if (withKafka && ledger.history(request.getRunId()).isOverForGood()) {
            checkpoints.delete();
        }
        return true;
    }

    /** With the counts that prove that nothing is missing. */
    private RunEvent counted(RunEvent.Builder event, Outcome outcome) {
        Counts counts = publisher.counts(request.getRunId()).minus(before);
        return event.setStep(outcome.step())
                .setStepsTrained(outcome.step() - resumedAt)
                .setDeviceSeconds(outcome.deviceSeconds())
                .setRecordsEmitted(counts.emitted())
                .setRecordsAcknowledged(counts.acknowledged())
                .setRecordsSpooled(counts.spooled())
                .build();
    }

    /** Ends a run that is not to be trained at all. */
    End endUntrained(RunEvent.Builder event) throws InterruptedException {
        boolean told = publishEnd(event.setRecordsEmitted(0L)
                .setRecordsAcknowledged(0L)
                .setRecordsSpooled(0L)
                .build());
        return told ? End.DONE : End.BROKEN;
    }

    /** The run was over before. */
    void deleteCheckpoint() {
        checkpoints.delete();
    }

    /** Gives the number back, as one that nobody trains under: false when Kafka does not have it soon. */
    boolean release(String reason) throws InterruptedException {
        publish(event(RunEventKind.RELEASED).setReason(reason).build());
        return publisher.flush(request.getRunId(), FLUSH);
    }

    /** The acknowledgement of an order to stop. A run that diverged is not paused: nothing is worth going on from. */
    RunEvent.Builder event(RunCommand command) {
        boolean diverged = command.getRule().equals("divergence");
        return event(diverged ? RunEventKind.DIVERGED : RunEventKind.STOPPED)
                .setPaused(command.getPause() && !diverged)
                .setReason(command.getReason())
                .setCommandId(command.getCommandId());
    }

    RunEvent.Builder event(RunEventKind kind) {
        return RunEvent.newBuilder()
                .setRunId(request.getRunId())
                .setStudyId(request.getStudyId())
                .setAttempt(number)
                .setBackbone(request.getBackbone())
                .setOptimizer(request.getOptimizer())
                .setSeed(request.getSeed())
                .setHyperparameterPoint(request.getHyperparameterPoint())
                .setKind(kind)
                .setStep(0)
                .setBudgetSteps(request.getBudgetSteps())
                .setWarmupSteps(request.getWarmupSteps())
                .setResumedAtStep(resumedAt)
                .setLearningRate(plan == null ? null : plan.learningRate())
                .setWeightDecay(weightDecay())
                .setStepsTrained(0)
                .setDeviceSeconds(0)
                .setTimeMillis(clock.millis());
    }

    private @Nullable Double weightDecay() {
        return plan == null ? null : plan.options().get("weight_decay");
    }

    private void publish(RunEvent event) {
        ledger.note(event);
        meters.told(event.getKind());
        publisher.publish(Topics.RUN_EVENTS, request.getRunId(), event);
    }

    /** What the run begins with, and what there is to say about it. */
    private Training.Beginning beginning(TrainingPlan planned, DataSplit split) {
        Training.Beginning beginning = Training.beginning(planned, split.imageSize(), split.classCount());
        if (beginning.weights() != null) {
            LOG.info(
                    "run {} attempt {}: {} from {}",
                    request.getRunId(),
                    number,
                    beginning.weights().sentence(),
                    request.getWeights());
        }
        return beginning;
    }

    private Provenance provenance(TrainingPlan planned, DataSplit split, Training.Beginning beginning) {
        Map<String, String> inEffect = new LinkedHashMap<>(planned.settings());
        inEffect.putAll(beginning.settings());
        inEffect.put("precision", planned.precision());
        return Provenance.newBuilder()
                .setCoupletVersion(settings.coupletVersion())
                .setGitRevision(settings.gitRevision())
                .setJavaVersion(Runtime.version().toString())
                .setEngine(Torch.version())
                .setOperatingSystem(System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"))
                .setHost(settings.host())
                .setTrainerId(settings.trainerId())
                .setDevice(planned.device())
                .setRecipe(planned.recipe().name())
                .setSettings(inEffect)
                .setParameters(beginning.layout().parameterCount())
                .setDataSource(split.report().source())
                .setDataFingerprint(split.report().fingerprint())
                .setClasses(split.classCount())
                .setTrainingImages(split.training().size())
                .setValidationImages(split.validation().size())
                .setImagesSkipped(split.report().skipped().count())
                .build();
    }
}
