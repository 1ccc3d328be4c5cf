package io.couplet.view.model;

import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.StepMetrics;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One attempt at a run, as its records tell it. */
final class AttemptState {

    private static final double PACE_HALF_LIFE_STEPS = 20;

    private final int attempt;
    private @Nullable Curve curve = new Curve();
    private @Nullable StepSet seen;
    private long duplicates;
    private int firstStep = Integer.MAX_VALUE;
    private int lastStep;
    private long firstMillis;
    private double epochsPerStep = Double.NaN;
    private long lastStepMillis;
    private double lastLoss = Double.NaN;
    private double weightedLoss;
    private double lossWeight;
    private double weightedPace;
    private double paceWeight;
    private double deviceSeconds;
    private int busyUntilStep;
    private @Nullable RunEvent start;
    private @Nullable RunEvent ending;

    AttemptState(int attempt) {
        this.attempt = attempt;
    }

    /** Takes a step in; false when it repeats one. */
    boolean add(StepMetrics metrics, double halfLifeSteps) {
        if (seen == null) {
            seen = new StepSet(Math.max(0, metrics.getStep() - 1));
        }
        if (!seen.add(metrics.getStep())) {
            duplicates++;
            return false;
        }
        if (curve != null) {
            curve.add(new Curve.Point(
                    metrics.getStep(),
                    metrics.getLoss(),
                    metrics.getLearningRate(),
                    metrics.getGradientNorm(),
                    metrics.getBatchAccuracy(),
                    metrics.getSamplesPerSecond(),
                    metrics.getUpdateRatio(),
                    metrics.getTimeMillis()));
        }
        firstStep = Math.min(firstStep, metrics.getStep());
        firstMillis = firstMillis == 0 ? metrics.getTimeMillis() : Math.min(firstMillis, metrics.getTimeMillis());
        if (metrics.getStep() > 0 && metrics.getEpoch() > 0 && metrics.getStep() >= lastStep) {
            epochsPerStep = (double) metrics.getEpoch() / metrics.getStep();
        }
        if (Double.isFinite(metrics.getLoss())) {
            double keep = Math.pow(0.5, 1 / halfLifeSteps);
            weightedLoss = keep * weightedLoss + (1 - keep) * metrics.getLoss();
            lossWeight = keep * lossWeight + (1 - keep);
        }
        // A log that names every hundredth step tells of a hundred at once.
        int steps = metrics.getStep() - lastStep;
        if (steps > 0 && lastStepMillis > 0) {
            double keep = Math.pow(0.5, steps / PACE_HALF_LIFE_STEPS);
            double seconds = Math.max(0, metrics.getTimeMillis() - lastStepMillis) / 1000.0 / steps;
            weightedPace = keep * weightedPace + (1 - keep) * seconds;
            paceWeight = keep * paceWeight + (1 - keep);
        }
        if (metrics.getStep() > lastStep) {
            lastStep = metrics.getStep();
            lastStepMillis = metrics.getTimeMillis();
            lastLoss = metrics.getLoss();
        }
        return true;
    }

    void add(RunEvent event) {
        busyFor(event.getDeviceSeconds(), event.getStep());
        switch (event.getKind()) {
            case STARTED, RESUMED -> start = event;
            case COMPLETED, STOPPED, DIVERGED, FAILED, RELEASED -> ending = event;
            default -> {
                // A checkpoint, or a kind this version does not know, changes nothing else here.
            }
        }
    }

    /** Takes in that it had kept its device busy for so long when it had taken this step. */
    void busyFor(double seconds, int untilStep) {
        if (seconds > deviceSeconds) {
            deviceSeconds = seconds;
            busyUntilStep = untilStep;
        }
    }

    /** Steps that its device seconds were spent on, as far as records tell: also those that have no record of their own. */
    int stepsBusy() {
        int resumedAt = start == null && attempt == 1 ? 0 : resumedAt();
        return Math.max(0, busyUntilStep - Math.min(resumedAt, busyUntilStep));
    }

    int number() {
        return attempt;
    }

    boolean begun() {
        return start != null || seen != null;
    }

    /** Whether it ended before a step of its own, and took nothing over: the run is what the attempt before it made of it, as in its score. */
    boolean cameToNothing() {
        if (ending == null || seen != null) {
            return false;
        }
        RunEvent tookUp = start == null ? ending : start;
        return ending.getStep() <= tookUp.getResumedAtStep();
    }

    @Nullable
    RunEvent start() {
        return start;
    }

    @Nullable
    RunEvent ending() {
        return ending;
    }

    /** Its steps up to one; nothing once they were released. */
    void copyInto(CurveSeries series, int untilStep) {
        if (curve != null) {
            curve.copyInto(series, untilStep);
        }
    }

    /** Lets go of the curve; its steps are counted all the same, those that come late too. */
    void releaseCurve() {
        curve = null;
    }

    boolean curveReleased() {
        return curve == null;
    }

    /** Step at which it took up: as its start event says, or else the step before its first record; none before both. */
    int resumedAt() {
        if (start != null) {
            return start.getResumedAtStep();
        }
        return firstStep == Integer.MAX_VALUE ? Integer.MAX_VALUE : firstStep - 1;
    }

    int lastStep() {
        return Math.max(lastStep, ending == null ? 0 : ending.getStep());
    }

    /** Time of its first step, milliseconds since the epoch; 0 before it. */
    long firstMillis() {
        return firstMillis;
    }

    /** Passes over the training images a step; NaN while unknown. */
    double epochsPerStep() {
        return epochsPerStep;
    }

    long stepsInTopic() {
        return seen == null ? 0 : seen.size();
    }

    long duplicates() {
        return duplicates;
    }

    double deviceSeconds() {
        return deviceSeconds;
    }

    /** Smoothed loss; null before the first finite one, and while the newest is not finite. */
    @Nullable
    Double loss() {
        return lossWeight > 0 && Double.isFinite(lastLoss) ? (Double) (weightedLoss / lossWeight) : null;
    }

    @Nullable
    Double secondsPerStep() {
        return paceWeight > 0 ? (Double) (weightedPace / paceWeight) : null;
    }

    /** Whether it said how it ended, or gave the run back. */
    boolean ended() {
        return ending != null;
    }

    boolean released() {
        return ending != null && ending.getKind() == RunEventKind.RELEASED;
    }

    AttemptSnapshot snapshot() {
        RunEvent end = ending;
        int resumedAt = resumedAt();
        return new AttemptSnapshot(
                attempt,
                resumedAt == Integer.MAX_VALUE ? 0 : resumedAt,
                end == null ? null : (Long) end.getStepsTrained(),
                stepsInTopic(),
                duplicates,
                end == null ? null : end.getKind().name().toLowerCase(Locale.ROOT),
                deviceSeconds,
                end == null ? null : end.getRecordsEmitted(),
                end == null ? null : end.getRecordsAcknowledged(),
                end == null ? null : end.getRecordsSpooled());
    }
}
