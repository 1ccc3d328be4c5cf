package io.couplet.view.model;

import io.couplet.schemas.RunId;

/**
 * A run's loss in a few points, to show hundreds of runs at once.
 *
 * @param budgetSteps steps the run may take; 0 while unknown
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
        int stepsPerPoint,
        int[] step,
        double[] loss,
        double[] lossMax) {

    static CurveSketch of(String runId, RunId run, RunStatus status, int budgetSteps, CurveSnapshot curve) {
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
                most,
                curve.step(),
                curve.smoothedLoss(),
                curve.lossMax());
    }
}
