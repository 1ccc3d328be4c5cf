package io.couplet.view.alerts;

import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.DataReference;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.avro.StudyGrid;
import io.couplet.schemas.avro.Verdict;
import java.util.List;
import java.util.Map;

/** Records of a study of 2 × 1 runs. */
final class Told {

    /** Where events stand; naming it also has Avro trust our records, which alone they are not. */
    static final String EVENTS = Topics.RUN_EVENTS.name();

    static final String STUDY = "birds-3fa2c1";
    static final RunId FIRST = new RunId(STUDY, "vgg", "sgd", 0, "a0b1c2");
    static final RunId SECOND = new RunId(STUDY, "resnet", "sgd", 0, "a0b1c3");

    private Told() {}

    static RunRequest request(RunId run) {
        return RunRequest.newBuilder()
                .setRunId(run.toString())
                .setStudyId(STUDY)
                .setStudyName("birds")
                .setBackbone(run.backbone())
                .setOptimizer(run.optimizer())
                .setSeed(0)
                .setBackboneSize("nano")
                .setHyperparameterPoint(0)
                .setOptimizerOptions(Map.of())
                .setRecipe("plain")
                .setWarmupSteps(2)
                .setBudgetSteps(100)
                .setBatchSize(16)
                .setRungs(List.of(1.0))
                .setData(DataReference.newBuilder()
                        .setValidationFraction(0.2)
                        .setImageSize(32)
                        .setSeed(0)
                        .build())
                .setGrid(StudyGrid.newBuilder()
                        .setBackbones(List.of("vgg", "resnet"))
                        .setOptimizers(List.of("sgd"))
                        .setSeeds(List.of(0L))
                        .setHyperparameterPoints(1)
                        .build())
                .setStoppingRules(List.of())
                .setSubmittedMillis(500)
                .build();
    }

    static RunEvent event(RunId run, int attempt, RunEventKind kind, int step, long millis) {
        return RunEvent.newBuilder()
                .setRunId(run.toString())
                .setStudyId(STUDY)
                .setAttempt(attempt)
                .setBackbone(run.backbone())
                .setOptimizer(run.optimizer())
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setKind(kind)
                .setStep(step)
                .setBudgetSteps(100)
                .setWarmupSteps(2)
                .setResumedAtStep(0)
                .setReason(kind == RunEventKind.DIVERGED ? "The loss is NaN at step " + step + "." : null)
                .setStepsTrained(step)
                .setDeviceSeconds(1)
                .setTimeMillis(millis)
                .build();
    }

    static ConvergenceScore score(RunId run, int step, long millis) {
        return ConvergenceScore.newBuilder()
                .setRunId(run.toString())
                .setStudyId(STUDY)
                .setAttempt(1)
                .setStep(step)
                .setBudgetSteps(100)
                .setStepsSeen(step)
                .setRecordsIgnored(0)
                .setSmoothedLoss(1)
                .setBestSmoothedLoss(1)
                .setFirstLoss(2)
                .setSpikes(0)
                .setVerdict(Verdict.CONVERGING)
                .setTimeMillis(millis)
                .build();
    }

    static StepMetrics step(RunId run, int step) {
        return StepMetrics.newBuilder()
                .setRunId(run.toString())
                .setAttempt(1)
                .setStep(step)
                .setBudgetSteps(100)
                .setWarmupSteps(2)
                .setEpoch(0)
                .setLoss(1)
                .setLearningRate(0.1)
                .setGradientNorm(1)
                .setUpdateRatio(0.01f)
                .setBatchAccuracy(0.5f)
                .setSamplesPerSecond(100)
                .setTimeMillis(step)
                .build();
    }

    static RunCommand stop(RunId run, boolean shadow) {
        return RunCommand.newBuilder()
                .setRunId(run.toString())
                .setStudyId(STUDY)
                .setCommandId(run + ".a1.transfer")
                .setKind(RunCommandKind.STOP)
                .setRule("transfer")
                .setRuleVersion(1)
                .setRequestedBy("early-stopper")
                .setReason("It will not win.")
                .setStep(40)
                .setPeers(List.of())
                .setInputOffsets(Map.of())
                .setShadow(shadow)
                .setTimeMillis(4_000)
                .build();
    }
}
