package io.couplet.flink;

import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.Verdict;
import io.couplet.scores.convergence.Convergence;
import io.couplet.scores.convergence.Forecast;
import io.couplet.scores.convergence.NonFinite;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The convergence of a run as the record of its topic. */
final class ConvergenceScores {

    private ConvergenceScores() {}

    static ConvergenceScore of(String runId, String studyId, Convergence convergence) {
        boolean evaluated = convergence.evaluations() + convergence.evaluationsIgnored() > 0;
        return ConvergenceScore.newBuilder()
                .setRunId(runId)
                .setStudyId(studyId)
                .setAttempt(convergence.attempt())
                .setStep(Math.toIntExact(convergence.step()))
                .setBudgetSteps(Math.toIntExact(convergence.budgetSteps()))
                .setStepsSeen(convergence.stepsSeen())
                .setRecordsIgnored(
                        convergence.duplicatesIgnored() + convergence.olderAttemptsIgnored() + convergence.superseded())
                .setSmoothedLoss(convergence.smoothedLoss())
                .setBestSmoothedLoss(
                        Double.isNaN(convergence.bestLoss()) ? convergence.smoothedLoss() : convergence.bestLoss())
                .setFirstLoss(convergence.initialLoss())
                .setSlope(Nullables.of(convergence.slope().value()))
                .setSlopeStandardError(Nullables.of(convergence.slope().standardError()))
                .setForecastLoss(Nullables.of(convergence.forecast().loss()))
                .setForecastLower(Nullables.of(convergence.forecast().low()))
                .setForecastUpper(Nullables.of(convergence.forecast().high()))
                .setForecastLaw(law(convergence.forecast().law()))
                .setLearningRateDroppedAt(
                        convergence.droppedAt() == 0 ? null : Math.toIntExact(convergence.droppedAt()))
                .setEvaluations(evaluated ? Math.toIntExact(convergence.evaluations()) : null)
                .setEvaluationsIgnored(evaluated ? convergence.evaluationsIgnored() : null)
                .setForecastTop1(Nullables.of(convergence.accuracy().top1()))
                .setForecastTop1Lower(Nullables.of(convergence.accuracy().low()))
                .setForecastTop1Upper(Nullables.of(convergence.accuracy().high()))
                .setStepsToTarget(
                        convergence.stepsToTarget() == 0 ? null : Math.toIntExact(convergence.stepsToTarget()))
                .setSecondsToTarget(convergence.stepsToTarget() == 0 ? null : convergence.secondsToTarget())
                .setProgress(Nullables.of(convergence.progress()))
                .setGradientNoise(Nullables.of(convergence.gradientNoise()))
                .setSpikes(Math.toIntExact(convergence.spikes()))
                .setNonFinite(nonFinite(convergence.nonFinite(), convergence.nonFiniteStep()))
                .setVerdict(Verdict.valueOf(convergence.verdict().name()))
                .setTimeMillis(convergence.timeMillis())
                .build();
    }

    private static @Nullable String law(Forecast.Law law) {
        return law == Forecast.Law.NONE
                ? null
                : law.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static @Nullable String nonFinite(NonFinite what, long step) {
        return switch (what) {
            case NONE -> null;
            case NAN_LOSS -> "loss NaN at step " + step;
            case INFINITE_LOSS -> "loss infinite at step " + step;
            case INFINITE_GRADIENT -> "gradient norm infinite at step " + step;
        };
    }
}
