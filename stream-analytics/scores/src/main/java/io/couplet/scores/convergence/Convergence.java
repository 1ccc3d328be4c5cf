package io.couplet.scores.convergence;

/**
 * How well one run converges, after the newest step that was seen. An unknown double is NaN ("too few"), never a guess.
 *
 * @param attempt the newest attempt
 * @param step the newest step
 * @param budgetSteps the steps the run may take; 0 when unknown
 * @param warmupSteps the steps of learning-rate warm-up
 * @param stepsSeen the steps that count
 * @param duplicatesIgnored steps seen before
 * @param olderAttemptsIgnored steps of attempts that a later one had superseded
 * @param superseded steps that counted until a later attempt repeated them
 * @param loss the newest loss in nats; may be NaN or infinite as it came
 * @param smoothedLoss bias-corrected exponential mean of the loss
 * @param lossNoise sample standard deviation of the loss about it
 * @param initialLoss mean of the first five losses
 * @param bestLoss the least smoothed loss
 * @param bestStep its step; 0 before the sixth
 * @param slope slope of log-loss against log-step over the window, and its standard error
 * @param forecast the loss at the end of the budget
 * @param droppedAt the first step after the newest abrupt drop of the learning rate, seen or told; 0 for none
 * @param evaluations evaluations that count
 * @param evaluationsIgnored duplicates, of older attempts, taken back or without a result
 * @param accuracy forecast of the validation accuracy at the end of the budget
 * @param stepsToTarget step of the first evaluation that reached the study's target; 0 for none
 * @param secondsToTarget device seconds up to it; 0 for none
 * @param progress {@code (L₀ − L) / (L₀ − L∞)}, L₀ the initial, L the smoothed, L∞ the forecast final loss; below 0 when the loss rose
 * @param gradientNorm exponential mean of the gradient's L2 norm
 * @param gradientNoise standard deviation of the gradient norm over its mean
 * @param batchAccuracy exponential mean of the batch accuracy, a fraction
 * @param learningRate the newest learning rate
 * @param spikes steps whose loss stood out of the smoothed loss
 * @param nonFinite the first value that was no number, by name
 * @param nonFiniteStep its step; 0 for none
 * @param explodedStep the step at which the loss had exploded; 0 for never
 * @param timeMillis the newest step's time, milliseconds since the epoch
 * @param usualGapMillis the usual time between two steps
 * @param verdict what the loss does
 */
public record Convergence(
        int attempt,
        long step,
        long budgetSteps,
        long warmupSteps,
        long stepsSeen,
        long duplicatesIgnored,
        long olderAttemptsIgnored,
        long superseded,
        double loss,
        double smoothedLoss,
        double lossNoise,
        double initialLoss,
        double bestLoss,
        long bestStep,
        Slope slope,
        Forecast forecast,
        long droppedAt,
        long evaluations,
        long evaluationsIgnored,
        AccuracyForecast accuracy,
        long stepsToTarget,
        double secondsToTarget,
        double progress,
        double gradientNorm,
        double gradientNoise,
        double batchAccuracy,
        double learningRate,
        long spikes,
        NonFinite nonFinite,
        long nonFiniteStep,
        long explodedStep,
        long timeMillis,
        double usualGapMillis,
        Verdict verdict) {

    /** Fewer points than these in the window give no verdict. */
    private static final int POINTS_TO_JUDGE = 8;
    /** A loss this far below the initial one leaves nothing to converge to. */
    private static final double NOTHING_LEFT = 0.01;
    /** The budget's end finds a run converged when it lost at least this fraction of its initial loss. */
    private static final double LEARNED = 0.05;
    /** Diverging is to have lost this fraction of what was gained. */
    private static final double LOST = 0.1;

    static Convergence of(ConvergenceState state) {
        ConvergenceSettings settings = state.settings();
        Tally tally = state.tally();
        Extremes extremes = state.extremes();
        double smoothed = state.loss().meanOrNaN();
        long from = Math.max(settings.warmupSteps() + 1, tally.lastStep() - settings.windowSteps() + 1);
        long droppedAt = Math.max(state.rates().droppedAt(), state.schedule().dropBefore(tally.lastStep()));
        Slope slope = slope(state, from, droppedAt);
        Forecast forecast = forecast(state, droppedAt);
        Evaluations evaluations = state.evaluations();
        boolean dropsAhead = state.schedule()
                .dropsBetween(Math.max(tally.lastStep(), evaluations.lastStep()), settings.budgetSteps());
        double toGain = extremes.initialLoss() - forecast.loss();
        return new Convergence(
                tally.attempt(),
                tally.lastStep(),
                settings.budgetSteps(),
                settings.warmupSteps(),
                tally.steps(),
                tally.duplicates(),
                tally.olderAttempts(),
                tally.superseded(),
                state.lastLoss(),
                smoothed,
                state.loss().standardDeviation(),
                extremes.initialLoss(),
                extremes.bestStep() == 0 ? Double.NaN : extremes.bestLoss(),
                extremes.bestStep(),
                slope,
                forecast,
                droppedAt,
                evaluations.count(),
                evaluations.ignored(),
                AccuracyForecast.of(evaluations, droppedAt, dropsAhead, settings.budgetSteps()),
                evaluations.targetStep(),
                evaluations.targetSeconds(),
                toGain > 0 ? (extremes.initialLoss() - smoothed) / toGain : Double.NaN,
                state.gradientNorm().meanOrNaN(),
                state.gradientNorm().standardDeviation() / state.gradientNorm().meanOrNaN(),
                state.batchAccuracy().meanOrNaN(),
                state.rates().newest(),
                extremes.spikes(),
                extremes.nonFinite(),
                extremes.nonFiniteStep(),
                extremes.explodedStep(),
                state.timeMillis(),
                state.gapMillis().meanOrNaN(),
                verdict(state, smoothed, slope, from));
    }

    /** Over the window as far as it lies behind the newest drop of the learning rate; while there is little behind it, the whole: the loss has just fallen. */
    private static Slope slope(ConvergenceState state, long from, long droppedAt) {
        if (droppedAt > from) {
            Slope since = Slope.of(state.window().points(droppedAt));
            if (since.points() >= POINTS_TO_JUDGE) {
                return since;
            }
        }
        return Slope.of(state.window().points(from));
    }

    private static Forecast forecast(ConvergenceState state, long droppedAt) {
        ConvergenceSettings settings = state.settings();
        if (settings.budgetSteps() == 0) {
            return Forecast.tooFew(0);
        }
        long lastStep = state.tally().lastStep();
        long origin = Math.max(0, droppedAt - 1);
        Blocks.Points points = state.curve().points(Math.max(settings.warmupSteps() + 1.0, droppedAt));
        // What is forecast is an exponential mean, which is as good as so many steps.
        double noise = Math.log(2) / (2 * settings.halfLifeSteps());
        Forecast power = Forecast.of(points.since(origin), settings.budgetSteps() - origin, noise, Forecast.FEWEST);
        if (state.schedule().dropsBetween(lastStep, settings.budgetSteps())) {
            return power.beforeDrop();
        }
        if (droppedAt > 0) {
            return power.sinceDrop();
        }
        return state.schedule().kind() == Schedule.Kind.COSINE && settings.warmupSteps() < settings.budgetSteps()
                ? Annealing.of(power, points, settings.warmupSteps(), settings.budgetSteps(), noise)
                : power;
    }

    private static Verdict verdict(ConvergenceState state, double smoothed, Slope slope, long from) {
        ConvergenceSettings settings = state.settings();
        Tally tally = state.tally();
        Extremes extremes = state.extremes();
        if (extremes.nonFinite().ofLoss() || extremes.explodedStep() > 0) {
            return Verdict.DIVERGED;
        }
        boolean ended = settings.budgetSteps() > 0 && tally.lastStep() >= settings.budgetSteps();
        if (tally.lastStep() <= settings.warmupSteps() || slope.points() < POINTS_TO_JUDGE && !ended) {
            return Verdict.WARMING_UP;
        }
        double initial = extremes.initialLoss();
        double gained = Math.max(initial - extremes.bestLoss(), Math.abs(initial) / 2);
        Slope sinceBest = Slope.of(state.window().points(Math.max(from, extremes.bestStep())));
        if (smoothed - extremes.bestLoss() > LOST * gained && sinceBest.value() - 2 * sinceBest.standardError() > 0) {
            return Verdict.DIVERGING;
        }
        if (Math.abs(smoothed) <= NOTHING_LEFT * Math.abs(initial)
                || ended && initial - smoothed >= LEARNED * Math.abs(initial)) {
            return Verdict.CONVERGED;
        }
        boolean falls = slope.value() + slope.standardError() < -settings.plateauSlope();
        return falls && !ended ? Verdict.CONVERGING : Verdict.PLATEAUED;
    }
}
