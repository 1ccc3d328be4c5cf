package io.couplet.stopper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.RunId;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.avro.Verdict;
import io.couplet.schemas.study.StudySpecification;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Records as a trainer and the convergence job write them. */
final class Records {

    static final RunId RUN = new RunId("demo-3fa2c1", "vgg", "sgd", 1, "00aa11");
    static final RunId OTHER = new RunId("demo-3fa2c1", "deit", "adamw", 1, "00aa12");
    static final long BEGIN = 1_795_435_200_000L;

    private Records() {}

    /** Where and what; never compared. */
    @SuppressWarnings("ArrayRecordComponent")
    record Sent(String topic, byte @Nullable [] key, byte @Nullable [] value) {

        static <T extends SpecificRecord> Sent of(Topic<T> topic, String runId, T value) {
            return new Sent(topic.name(), runId.getBytes(UTF_8), topic.wire().encode(value));
        }
    }

    static Sent step(RunId run, int attempt, int step, double loss) {
        return Sent.of(
                Topics.STEP_METRICS,
                run.toString(),
                StepMetrics.newBuilder()
                        .setRunId(run.toString())
                        .setAttempt(attempt)
                        .setStep(step)
                        .setBudgetSteps(300)
                        .setWarmupSteps(15)
                        .setEpoch(0.1f * step)
                        .setLoss(loss)
                        .setLearningRate(0.1)
                        .setGradientNorm(1)
                        .setUpdateRatio(0.001f)
                        .setBatchAccuracy(0.3f)
                        .setSamplesPerSecond(1000)
                        .setTimeMillis(BEGIN + step)
                        .build());
    }

    static Sent event(RunId run, int attempt, RunEventKind kind, int step, @Nullable String commandId) {
        return Sent.of(
                Topics.RUN_EVENTS,
                run.toString(),
                RunEvent.newBuilder()
                        .setRunId(run.toString())
                        .setStudyId(run.studyId())
                        .setAttempt(attempt)
                        .setBackbone(run.backbone())
                        .setOptimizer(run.optimizer())
                        .setSeed(run.seed())
                        .setHyperparameterPoint(0)
                        .setKind(kind)
                        .setStep(step)
                        .setBudgetSteps(300)
                        .setWarmupSteps(15)
                        .setResumedAtStep(0)
                        .setCommandId(commandId)
                        .setStepsTrained(step)
                        .setDeviceSeconds(0.01 * step)
                        .setTimeMillis(BEGIN + step)
                        .build());
    }

    static Sent paused(RunId run, int attempt, int step, String commandId) {
        Sent stopped = event(run, attempt, RunEventKind.STOPPED, step, commandId);
        return Sent.of(
                Topics.RUN_EVENTS,
                run.toString(),
                RunEvent.newBuilder(Topics.RUN_EVENTS.wire().decode(Objects.requireNonNull(stopped.value())))
                        .setPaused(true)
                        .build());
    }

    /** A person's order; to stop is to pause. */
    static Sent order(RunId run, RunCommandKind kind, String commandId, long afterMillis) {
        return Sent.of(
                Topics.RUN_COMMANDS,
                run.toString(),
                RunCommand.newBuilder()
                        .setRunId(run.toString())
                        .setStudyId(run.studyId())
                        .setCommandId(commandId)
                        .setKind(kind)
                        .setRule("person")
                        .setRuleVersion(0)
                        .setRequestedBy("ada")
                        .setReason("for a test")
                        .setPause(kind == RunCommandKind.STOP)
                        .setTimeMillis(BEGIN + afterMillis)
                        .build());
    }

    static Sent request(RunId run) {
        RunRequest request = StudySpecification.defaults().requests(BEGIN).get(0);
        request.setRunId(run.toString());
        request.setStudyId(run.studyId());
        return Sent.of(Topics.RUN_REQUESTS, run.toString(), request);
    }

    static Sent event(RunId run, int attempt, RunEventKind kind, int step) {
        return event(run, attempt, kind, step, null);
    }

    static Sent score(
            RunId run, int attempt, int step, Verdict verdict, double smoothedLoss, @Nullable String nonFinite) {
        return Sent.of(
                Topics.CONVERGENCE_SCORES,
                run.toString(),
                ConvergenceScore.newBuilder()
                        .setRunId(run.toString())
                        .setStudyId(run.studyId())
                        .setAttempt(attempt)
                        .setStep(step)
                        .setBudgetSteps(300)
                        .setStepsSeen(step)
                        .setRecordsIgnored(0)
                        .setSmoothedLoss(smoothedLoss)
                        .setBestSmoothedLoss(1.5)
                        .setFirstLoss(2.3)
                        .setSpikes(0)
                        .setNonFinite(nonFinite)
                        .setVerdict(verdict)
                        .setTimeMillis(BEGIN + step)
                        .build());
    }
}
