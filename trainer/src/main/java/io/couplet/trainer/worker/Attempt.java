package io.couplet.trainer.worker;

import io.couplet.producers.Counts;
import io.couplet.producers.MetricPublisher;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.trainer.data.DataException;
import io.couplet.trainer.data.DataSplit;
import io.couplet.trainer.training.EvaluationResult;
import io.couplet.trainer.training.Outcome;
import io.couplet.trainer.training.StepResult;
import io.couplet.trainer.training.StopSignal;
import io.couplet.trainer.training.Training;
import io.couplet.trainer.training.TrainingListener;
import io.couplet.trainer.training.TrainingPlan;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One attempt at a run: trains it and tells the topics everything about it. */
final class Attempt implements TrainingListener {

    private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);
    private static final Duration FLUSH = Duration.ofSeconds(10);

    private final TrainerSettings settings;
    private final MetricPublisher publisher;
    private final InstantSource clock;
    private final RunRequest request;
    private final int number;
    private final Counts before;
    private @Nullable TrainingPlan plan;
    private int step;
    private int classes;

    Attempt(TrainerSettings settings, MetricPublisher publisher, InstantSource clock, RunRequest request, int number) {
        this.settings = settings;
        this.publisher = publisher;
        this.clock = clock;
        this.request = request;
        this.number = number;
        this.before = publisher.counts(request.getRunId());
    }

    /**
     * Trains until the run ends or is interrupted.
     *
     * @param device cpu or gpu:N, unless the request names one
     * @return why it was interrupted; empty when the run ended by itself
     */
    Optional<Interruption> train(String device, RunImages images, Interruptions interruptions)
            throws InterruptedException {
        TrainingPlan accepted;
        DataSplit data;
        try {
            accepted = RunPlans.of(request, device);
            data = images.open(request.getData());
        } catch (DataException | IllegalArgumentException e) {
            fail(e.getMessage() == null ? e.toString() : e.getMessage());
            return Optional.empty();
        }
        plan = accepted;
        classes = data.classCount();
        try {
            publish(event(RunEventKind.STARTED, 0)
                    .setProvenance(Provenances.of(settings, accepted, data))
                    .build());
        } catch (IllegalArgumentException e) {
            fail(e.getMessage() == null ? e.toString() : e.getMessage());
            return Optional.empty();
        }
        LOG.info("{} attempt {} begins on {}", request.getRunId(), number, accepted.device());
        Seen seen = new Seen(interruptions);
        Outcome outcome = Training.run(
                accepted, RunImages.augmented(data, accepted.recipe().augmentation()), this, seen);
        end(outcome, seen.interruption);
        return Optional.ofNullable(outcome instanceof Outcome.Stopped ? seen.interruption : null);
    }

    /** Ends the run before it began. */
    void fail(String reason) {
        ending(RunEventKind.FAILED, 0, reason, null);
    }

    /** Ends the run before it began, as a command wants it. */
    void stopUnbegun(Interruption.Commanded commanded) {
        ending(RunEventKind.STOPPED, 0, commanded.reason(), commanded.command().getCommandId());
    }

    private void end(Outcome outcome, @Nullable Interruption interruption) throws InterruptedException {
        if (!publisher.flush(FLUSH)) {
            LOG.warn("{}: Kafka is away, records of attempt {} wait in the spool", request.getRunId(), number);
        }
        double seconds = outcome.deviceSeconds();
        if (outcome instanceof Outcome.Completed) {
            ending(RunEventKind.COMPLETED, seconds, null, null);
        } else if (outcome instanceof Outcome.Diverged diverged) {
            ending(RunEventKind.DIVERGED, seconds, diverged.reason(), null);
        } else if (outcome instanceof Outcome.Failed failed) {
            ending(RunEventKind.FAILED, seconds, failed.reason(), null);
        } else if (interruption instanceof Interruption.Commanded commanded) {
            ending(
                    RunEventKind.STOPPED,
                    seconds,
                    commanded.reason(),
                    commanded.command().getCommandId());
        } else if (interruption instanceof Interruption.Released released) {
            ending(RunEventKind.RELEASED, seconds, released.reason(), null);
        } else {
            // Fenced: the run is another trainer's now, which speaks for it.
            LOG.warn("{} attempt {} ends unheard: a later attempt has begun elsewhere", request.getRunId(), number);
        }
    }

    private void ending(RunEventKind kind, double deviceSeconds, @Nullable String reason, @Nullable String commandId) {
        Counts counts = publisher.counts(request.getRunId()).minus(before);
        publish(event(kind, deviceSeconds)
                .setReason(reason)
                .setCommandId(commandId)
                .setRecordsEmitted(counts.emitted())
                .setRecordsAcknowledged(counts.acknowledged())
                .setRecordsSpooled(counts.spooled())
                .build());
        LOG.info(
                "{} attempt {} {} at step {}{}",
                request.getRunId(),
                number,
                kind,
                step,
                reason == null ? "" : ": " + reason);
    }

    private RunEvent.Builder event(RunEventKind kind, double deviceSeconds) {
        TrainingPlan known = plan;
        return RunEvent.newBuilder()
                .setRunId(request.getRunId())
                .setStudyId(request.getStudyId())
                .setAttempt(number)
                .setBackbone(request.getBackbone())
                .setOptimizer(request.getOptimizer())
                .setSeed(request.getSeed())
                .setHyperparameterPoint(request.getHyperparameterPoint())
                .setKind(kind)
                .setStep(step)
                .setBudgetSteps(request.getBudgetSteps())
                .setWarmupSteps(request.getWarmupSteps())
                .setResumedAtStep(0)
                .setLearningRate(known == null ? request.getLearningRate() : (Double) known.learningRate())
                .setWeightDecay(known == null ? request.getWeightDecay() : RunPlans.weightDecay(known))
                .setStepsTrained(step)
                .setDeviceSeconds(deviceSeconds)
                .setTimeMillis(clock.millis());
    }

    private void publish(RunEvent event) {
        publisher.publish(Topics.RUN_EVENTS, event.getRunId(), event);
    }

    @Override
    public void onStep(StepResult result) {
        step = result.step();
        publisher.publish(
                Topics.STEP_METRICS,
                request.getRunId(),
                StepMetrics.newBuilder()
                        .setRunId(request.getRunId())
                        .setAttempt(number)
                        .setStep(result.step())
                        .setBudgetSteps(request.getBudgetSteps())
                        .setWarmupSteps(request.getWarmupSteps())
                        .setEpoch((float) result.epoch())
                        .setLoss(result.loss())
                        .setLearningRate(result.learningRate())
                        .setGradientNorm((float) result.gradientNorm())
                        .setUpdateRatio((float) result.updateToWeightRatio())
                        .setBatchAccuracy((float) result.batchAccuracy())
                        .setSamplesPerSecond((float) result.samplesPerSecond())
                        .setTimeMillis(clock.millis())
                        .build());
    }

    @Override
    public void onEvaluation(EvaluationResult result) {
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
                        .setLearningRate(plan == null ? null : (Double) plan.learningRate())
                        .setWeightDecay(plan == null ? null : RunPlans.weightDecay(plan))
                        .setStep(result.step())
                        .setBudgetSteps(request.getBudgetSteps())
                        .setRung(result.rung())
                        .setRungs(request.getRungs().size())
                        .setFraction(result.fraction())
                        .setLoss(result.loss())
                        .setTop1(result.top1())
                        .setTop5(result.top5())
                        .setSamples(result.samples())
                        .setClasses(classes)
                        .setDeviceSeconds(result.deviceSeconds())
                        .setTimeMillis(clock.millis())
                        .build());
    }

    /** Asks for interruptions between steps and remembers the one it passed on. */
    private static final class Seen implements StopSignal {

        private final Interruptions interruptions;
        private @Nullable Interruption interruption;

        Seen(Interruptions interruptions) {
            this.interruptions = interruptions;
        }

        @Override
        public Optional<String> reason() {
            interruption = interruptions.now().orElse(null);
            return Optional.ofNullable(interruption).map(Interruption::reason);
        }
    }
}
