package io.couplet.view.model;

import io.couplet.schemas.RunId;

/**
 * A run's loss in a few points, to show hundreds of runs at once.
 *
 * @param budgetSteps steps the run may take; 0 while unknown
 * @param released whether steps are missing, let go of since they are older than the topics keep
 * @param stepsPerPoint the most steps that stand behind one point
 * @param step last step of each point
 * @param loss smoothed training loss there, nats; null in JSON where there is none
 * @param lossMax greatest loss of the point's steps, nats
 */
@SuppressWarnings("ArrayRecordComponent") // Columns for JSON, never compared.
public record CurveSketch(
        String runId,
        String backbone,
        String optimizer,
        long seed,
        RunStatus status,
        int budgetSteps,
        boolean released,
        int stepsPerPoint,
        int[] step,
        double[] loss,
        double[] lossMax) {

    static CurveSketch of(
            String runId, RunId run, RunStatus status, int budgetSteps, boolean released, CurveSnapshot curve) {
        int most = 0;
        for (int steps : curve.steps()) {
            most = Math.max(most, steps);
        }
        return new CurveSketch(
                runId,
                run.backbone(),
                run.optimizer(),
                run.seed(),
                status,
                budgetSteps,
                released,
                most,
                curve.step(),
                curve.smoothedLoss(),
                curve.lossMax());
    }
}
