package io.couplet.scores.convergence;

/**
 * What is remembered of one run: constant size, immutable, made of primitives and arrays of them, so that any store can keep it.
 *
 * <p>Steps must come in the order of the run's topic. A step of an older attempt, or one at or before the newest step of its own attempt, changes
 * nothing but its counter. The first step of a later attempt takes the run up again: what stood at or after that step is superseded (whole
 * blocks of it; the exponential means begin again), and an attempt that starts at the first step starts anew. The identity
 * {@code records put in = steps + superseded + duplicates + olderAttempts} holds for runs whose steps have no gaps.
 *
 * @param settings what the run is judged by
 * @param tally which steps were seen and ignored
 * @param extremes the beginning, the best, and what went wrong
 * @param loss exponential mean of the loss in nats
 * @param gradientNorm exponential mean of the gradient's L2 norm
 * @param batchAccuracy exponential mean of the batch accuracy, a fraction
 * @param gapMillis exponential mean of the time between two steps
 * @param lastLoss the newest loss, which may be no number
 * @param rates what the learning rates did
 * @param timeMillis the newest step's time, milliseconds since the epoch
 * @param window the sliding window, a ring of equal blocks
 * @param curve the whole curve, blocks that grow with the step, anew from each drop of the learning rate
 * @param schedule the learning-rate schedule as the run's events tell it
 * @param evaluations the run's evaluations
 */
public record ConvergenceState(
        ConvergenceSettings settings,
        Tally tally,
        Extremes extremes,
        Smoothed loss,
        Smoothed gradientNorm,
        Smoothed batchAccuracy,
        Smoothed gapMillis,
        double lastLoss,
        LearningRates rates,
        long timeMillis,
        Blocks window,
        Blocks curve,
        Schedule schedule,
        Evaluations evaluations) {

    /** A run of which nothing was seen. */
    public static ConvergenceState start(ConvergenceSettings settings) {
        return new ConvergenceState(
                settings,
                Tally.EMPTY,
                Extremes.EMPTY,
                Smoothed.EMPTY,
                Smoothed.EMPTY,
                Smoothed.EMPTY,
                Smoothed.EMPTY,
                Double.NaN,
                LearningRates.NONE,
                0,
                Blocks.EMPTY,
                Blocks.EMPTY,
                Schedule.UNKNOWN,
                Evaluations.NONE);
    }

    /**
     * The state after one more step of the run; many steps are quicker through a {@link ConvergenceFold}.
     *
     * @param attempt 1-based attempt of the run
     * @param step 1-based step, after that optimizer update
     * @param stepLoss the loss in nats; NaN and infinity are kept by name and stay out of every mean
     * @param rate the learning rate, NaN when unknown
     * @param gradient the gradient's L2 norm, NaN when it was not measured
     * @param accuracy the batch accuracy as a fraction, NaN when unknown
     * @param time milliseconds since the epoch
     */
    public ConvergenceState plus(
            int attempt, long step, double stepLoss, double rate, double gradient, double accuracy, long time) {
        ConvergenceFold fold = new ConvergenceFold(this);
        fold.plus(attempt, step, stepLoss, rate, gradient, accuracy, time);
        return fold.state();
    }

    /** What is left when a later attempt takes up again at {@code step}. */
    ConvergenceState before(long step) {
        if (step <= 1) {
            ConvergenceState fresh = start(settings);
            return fresh.with(tally.before(1)).plus(schedule).with(evaluations);
        }
        Blocks keptCurve = curve.before(step);
        return new ConvergenceState(
                settings,
                tally.before(step),
                extremes.restarted(keptCurve),
                Smoothed.EMPTY,
                Smoothed.EMPTY,
                Smoothed.EMPTY,
                Smoothed.EMPTY,
                Double.NaN,
                rates.before(step),
                0,
                window.before(step),
                keptCurve,
                schedule,
                evaluations);
    }

    /** The state after the run's events told its schedule; that of the newest attempt counts. */
    public ConvergenceState plus(Schedule told) {
        return told.attempt() < schedule.attempt() ? this : with(settings, tally, told, evaluations);
    }

    /**
     * The state after one more evaluation; see {@link Evaluations#plus}.
     *
     * @param attempt 1-based attempt
     * @param step after which was evaluated
     * @param top1 accuracy, a fraction; NaN when the run gave none
     * @param reached whether it reaches the study's target
     * @param seconds device seconds of the attempt by then
     */
    public ConvergenceState plusEvaluation(int attempt, long step, double top1, boolean reached, double seconds) {
        return with(evaluations.plus(attempt, step, top1, reached, seconds));
    }

    /** The same under other settings, which only the first step knows for sure; once steps were seen they stay. */
    public ConvergenceState judgedBy(ConvergenceSettings others) {
        return tally.attempt() > 0 || others.equals(settings) ? this : with(others, tally, schedule, evaluations);
    }

    private ConvergenceState with(Tally changed) {
        return with(settings, changed, schedule, evaluations);
    }

    private ConvergenceState with(Evaluations changed) {
        return with(settings, tally, schedule, changed);
    }

    private ConvergenceState with(
            ConvergenceSettings newSettings, Tally newTally, Schedule newSchedule, Evaluations newEvaluations) {
        return new ConvergenceState(
                newSettings,
                newTally,
                extremes,
                loss,
                gradientNorm,
                batchAccuracy,
                gapMillis,
                lastLoss,
                rates,
                timeMillis,
                window,
                curve,
                newSchedule,
                newEvaluations);
    }

    /** The score of the run as it stands. */
    public Convergence convergence() {
        return Convergence.of(this);
    }
}
