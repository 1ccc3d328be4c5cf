package io.couplet.flink;

import io.couplet.schemas.avro.DataReference;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.avro.StudyGrid;
import java.util.List;
import java.util.Map;

/** Records of a small study: budget 40 steps, rungs at a half and the whole. */
final class Records {

    static final String STUDY = "pets-0a1b2c";
    static final int BUDGET = 40;

    private Records() {}

    static String runId(String backbone, String optimizer, long seed) {
        return STUDY + '.' + backbone + '.' + optimizer + ".s" + seed + ".abcdef";
    }

    static StepMetrics step(String runId, int attempt, int step, double loss) {
        return StepMetrics.newBuilder()
                .setRunId(runId)
                .setAttempt(attempt)
                .setStep(step)
                .setBudgetSteps(BUDGET)
                .setWarmupSteps(2)
                .setEpoch(0)
                .setLoss(loss)
                .setLearningRate(0.1)
                .setGradientNorm(1 + step % 3)
                .setUpdateRatio(Float.NaN)
                .setBatchAccuracy(0.5f)
                .setSamplesPerSecond(100)
                .setTimeMillis(1_000L * step)
                .build();
    }

    static Evaluation evaluation(String backbone, String optimizer, int attempt, int rung, double top1) {
        return Evaluation.newBuilder()
                .setRunId(runId(backbone, optimizer, 1))
                .setStudyId(STUDY)
                .setAttempt(attempt)
                .setBackbone(backbone)
                .setOptimizer(optimizer)
                .setSeed(1)
                .setHyperparameterPoint(0)
                .setLearningRate(0.1)
                .setWeightDecay(0.01)
                .setStep(rung * BUDGET / 2)
                .setBudgetSteps(BUDGET)
                .setRung(rung)
                .setRungs(2)
                .setFraction(rung / 2.0)
                .setLoss(1)
                .setTop1(top1)
                .setTop5(1)
                .setSamples(1_000)
                .setClasses(10)
                .setDeviceSeconds(3.0 * rung)
                .setTimeMillis(10_000L * rung)
                .build();
    }

    static RunEvent event(
            String backbone, String optimizer, int attempt, RunEventKind kind, int step, int resumedAtStep) {
        return RunEvent.newBuilder()
                .setRunId(runId(backbone, optimizer, 1))
                .setStudyId(STUDY)
                .setAttempt(attempt)
                .setBackbone(backbone)
                .setOptimizer(optimizer)
                .setSeed(1)
                .setHyperparameterPoint(0)
                .setKind(kind)
                .setStep(step)
                .setBudgetSteps(BUDGET)
                .setWarmupSteps(2)
                .setResumedAtStep(resumedAtStep)
                .setStepsTrained(step)
                .setDeviceSeconds(step / 10.0)
                .setTimeMillis(500L * step)
                .build();
    }

    static RunRequest request(String backbone, String optimizer, List<String> backbones, List<String> optimizers) {
        return RunRequest.newBuilder()
                .setRunId(runId(backbone, optimizer, 1))
                .setStudyId(STUDY)
                .setStudyName("pets")
                .setBackbone(backbone)
                .setOptimizer(optimizer)
                .setSeed(1)
                .setBackboneSize("nano")
                .setHyperparameterPoint(0)
                .setOptimizerOptions(Map.of())
                .setRecipe("none")
                .setWarmupSteps(2)
                .setBudgetSteps(BUDGET)
                .setBatchSize(8)
                .setRungs(List.of(0.5, 1.0))
                .setData(DataReference.newBuilder()
                        .setValidationFraction(0.2)
                        .setImageSize(32)
                        .setSeed(1)
                        .build())
                .setGrid(StudyGrid.newBuilder()
                        .setBackbones(backbones)
                        .setOptimizers(optimizers)
                        .setSeeds(List.of(1L))
                        .setHyperparameterPoints(1)
                        .build())
                .setSubmittedMillis(1)
                .build();
    }
}
