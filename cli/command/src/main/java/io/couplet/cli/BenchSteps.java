package io.couplet.cli;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.StepMetrics;

/** Steps as a training would stream them: a power law with noise, cosine schedule. */
final class BenchSteps {

    private static final int BATCH = 64;

    private BenchSteps() {}

    static String runId(int run) {
        return new RunId("bench-3fa2c1", "resnet", "adamw", run, "a0b1c2").toString();
    }

    static StepMetrics of(int run, int step, int budget) {
        double noise = Math.sin(step * 12.9898 + run * 78.233);
        return StepMetrics.newBuilder()
                .setRunId(runId(run))
                .setAttempt(1)
                .setStep(step)
                .setBudgetSteps(budget)
                .setWarmupSteps(budget / 20)
                .setEpoch(step * BATCH / 6_800f)
                .setLoss(0.4 + 1.9 * Math.pow(step, -0.35) + 0.05 * noise)
                .setLearningRate(0.0005 * (1 + Math.cos(Math.PI * step / budget)))
                .setGradientNorm((float) (1.2 + 0.3 * noise))
                .setUpdateRatio(0.002f)
                .setBatchAccuracy((float) (0.5 + 0.1 * noise))
                .setSamplesPerSecond(3_200f)
                .setTimeMillis(System.currentTimeMillis())
                .build();
    }
}
