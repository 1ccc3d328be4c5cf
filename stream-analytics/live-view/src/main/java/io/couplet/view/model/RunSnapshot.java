package io.couplet.view.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A run in full.
 *
 * @param version version of the model
 * @param warmupSteps steps of learning-rate warm-up
 * @param epochsPerStep passes over the training images a step; null while unknown
 * @param beginMillis time of its first step, milliseconds since the epoch; 0 before it
 * @param curveReleased whether steps are missing from the curve, let go of since they are older than the topics keep
 * @param layers statistics of the weights, newest measurement; null while there is none
 * @param events what happened to it, oldest first
 * @param eventsNotKept checkpoints before an attempt's newest, and events beyond the {@value RunState#EVENTS} kept
 * @param settings effective hyper-parameters and recipe settings of the newest attempt; empty while unknown
 * @param parameters trainable parameters; null while unknown
 */
public record RunSnapshot(
        long version,
        String studyId,
        String backbone,
        String optimizer,
        RunSummary summary,
        int warmupSteps,
        @Nullable Double epochsPerStep,
        long beginMillis,
        CurveSnapshot curve,
        boolean curveReleased,
        List<AttemptSnapshot> attempts,
        List<EvaluationPoint> evaluations,
        List<EventLine> events,
        long eventsNotKept,
        List<Decision> decisions,
        @Nullable Convergence convergence,
        @Nullable LayerSnapshot layers,
        Map<String, String> settings,
        @Nullable Long parameters,
        @Nullable String trainerId,
        @Nullable String device) {

    /** Validation at a rung; accuracies are fractions, the loss is in nats. */
    public record EvaluationPoint(
            int attempt,
            int rung,
            int step,
            double fraction,
            double loss,
            double top1,
            double top5,
            int samples,
            double deviceSeconds) {}

    /** One event of the run's life. */
    public record EventLine(
            int attempt, String kind, int step, @Nullable String reason, long timeMillis) {}

    /** The newest convergence score; units as in the schema ConvergenceScore. */
    public record Convergence(
            int step,
            double smoothedLoss,
            double bestSmoothedLoss,
            @Nullable Double slope,
            @Nullable Double slopeStandardError,
            @Nullable Double forecastLoss,
            @Nullable Double forecastLower,
            @Nullable Double forecastUpper,
            @Nullable Double progress,
            @Nullable Double gradientNoise,
            int spikes,
            @Nullable String nonFinite,
            String verdict,
            long recordsIgnored) {}
}
