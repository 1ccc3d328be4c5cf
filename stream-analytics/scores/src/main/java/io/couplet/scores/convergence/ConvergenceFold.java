package io.couplet.scores.convergence;

/**
 * A {@link ConvergenceState} that takes steps in place: where a hundred thousand runs take turns, a record of records that each step replaces costs more to move
 * than to compute. It and its parts are made once a run and hold nothing but numbers. Belongs to one thread.
 */
public final class ConvergenceFold {

    private static final int WINDOW_BLOCKS = 32;
    private static final int CURVE_BLOCKS = 64;
    /** A spike is only told from noise that is known from so many steps. */
    private static final double SPIKE_NEEDS = 8;

    private ConvergenceSettings settings;
    private double decayOfOneStep;
    private double windowBlockSteps;
    private double curveGrowth;

    private int attempt;
    private long lastStep;
    private long steps;
    private long duplicates;
    private long olderAttempts;
    private long superseded;
    private double lastLoss;
    private long timeMillis;

    private final Extremes.Fold extremes;
    private final Smoothed.Fold loss;
    private final Smoothed.Fold gradientNorm;
    private final Smoothed.Fold batchAccuracy;
    private final Smoothed.Fold gapMillis;
    private final LearningRates.Fold rates;
    private final Blocks.Fold window;
    private final Blocks.Fold curve;
    private Schedule schedule;
    private Evaluations evaluations;

    /** Goes on from a state, which stays as it is. */
    public ConvergenceFold(ConvergenceState from) {
        extremes = new Extremes.Fold(from.extremes());
        loss = new Smoothed.Fold(from.loss());
        gradientNorm = new Smoothed.Fold(from.gradientNorm());
        batchAccuracy = new Smoothed.Fold(from.batchAccuracy());
        gapMillis = new Smoothed.Fold(from.gapMillis());
        rates = new LearningRates.Fold(from.rates());
        window = new Blocks.Fold(from.window(), WINDOW_BLOCKS);
        curve = new Blocks.Fold(from.curve(), CURVE_BLOCKS);
        settings = from.settings();
        schedule = from.schedule();
        evaluations = from.evaluations();
        setScalars(from);
    }

    /** Becomes another state, which stays as it is. */
    public void set(ConvergenceState from) {
        extremes.set(from.extremes());
        loss.set(from.loss());
        gradientNorm.set(from.gradientNorm());
        batchAccuracy.set(from.batchAccuracy());
        gapMillis.set(from.gapMillis());
        rates.set(from.rates());
        window.set(from.window());
        curve.set(from.curve());
        settings = from.settings();
        schedule = from.schedule();
        evaluations = from.evaluations();
        setScalars(from);
    }

    private void setScalars(ConvergenceState from) {
        Tally tally = from.tally();
        attempt = tally.attempt();
        lastStep = tally.lastStep();
        steps = tally.steps();
        duplicates = tally.duplicates();
        olderAttempts = tally.olderAttempts();
        superseded = tally.superseded();
        lastLoss = from.lastLoss();
        timeMillis = from.timeMillis();
        decayOfOneStep = decay(1);
        windowBlockSteps = Math.ceil(settings.windowSteps() / (double) WINDOW_BLOCKS);
        curveGrowth = settings.budgetSteps() > 1 ? Math.max(1.1, Math.pow(settings.budgetSteps(), 1.0 / 40)) : 1.3;
    }

    private double decay(long ofSteps) {
        return Math.pow(0.5, ofSteps / settings.halfLifeSteps());
    }

    /**
     * Takes one more step of the run; see {@link ConvergenceState} for steps that are out of order.
     *
     * @param ofAttempt 1-based attempt of the run
     * @param step 1-based step, after that optimizer update
     * @param stepLoss the loss in nats; NaN and infinity are kept by name and stay out of every mean
     * @param rate the learning rate, NaN when unknown
     * @param gradient the gradient's L2 norm, NaN when it was not measured
     * @param accuracy the batch accuracy as a fraction, NaN when unknown
     * @param time milliseconds since the epoch
     */
    public void plus(
            int ofAttempt, long step, double stepLoss, double rate, double gradient, double accuracy, long time) {
        if (ofAttempt < attempt) {
            olderAttempts++;
        } else if (ofAttempt == attempt && step <= lastStep) {
            duplicates++;
        } else {
            if (attempt > 0 && step <= lastStep) {
                set(state().before(step));
            }
            next(step, stepLoss, rate, gradient, accuracy, time);
            attempt = ofAttempt;
        }
    }

    private void next(long step, double stepLoss, double rate, double gradient, double accuracy, long time) {
        double decay = step - lastStep <= 1 ? decayOfOneStep : decay(step - lastStep);
        NonFinite found = NonFinite.of(stepLoss, gradient);
        if (found != NonFinite.NONE) {
            extremes.plusNonFinite(found, step);
        }
        if (rates.plus(step, rate, settings.warmupSteps())) {
            window.cut(step);
            curve.cut(step);
        }
        if (Double.isFinite(stepLoss)) {
            plusLoss(step, stepLoss, decay);
        }
        if (Double.isFinite(gradient)) {
            gradientNorm.plus(gradient, decay);
        }
        if (Double.isFinite(accuracy)) {
            batchAccuracy.plus(accuracy, decay);
        }
        if (timeMillis > 0 && time >= timeMillis) {
            gapMillis.plus(time - timeMillis, decay);
        }
        lastLoss = stepLoss;
        timeMillis = time;
        lastStep = step;
        steps++;
    }

    private void plusLoss(long step, double stepLoss, double decay) {
        boolean spike = isSpike(step, stepLoss);
        loss.plus(stepLoss, decay);
        extremes.plus(step, stepLoss, loss.mean(), spike, settings);
        if (window.opensAt(step)) {
            window.open(step, stepLoss, (Math.floor((step - 1) / windowBlockSteps) + 1) * windowBlockSteps + 1);
        } else {
            window.plus(step, stepLoss);
        }
        if (curve.opensAt(step)) {
            curve.open(step, stepLoss, curveBlockEnd(step));
        } else {
            curve.plus(step, stepLoss);
        }
    }

    private boolean isSpike(long step, double stepLoss) {
        return step > settings.warmupSteps()
                && loss.effectiveCount() >= Math.min(SPIKE_NEEDS, settings.halfLifeSteps())
                && stepLoss > loss.mean() + settings.spikeDeviations() * loss.standardDeviation();
    }

    private double curveBlockEnd(long step) {
        long origin = Math.max(0, rates.droppedAt() - 1);
        return Math.max(step + 1, origin + Math.ceil((step - origin) * curveGrowth));
    }

    /** Whether a step of the run was seen. */
    public boolean hasSteps() {
        return attempt > 0;
    }

    /** How many steps counted in the score, now or until they were superseded. */
    public long counted() {
        return steps + superseded;
    }

    /** The state as it stands. */
    public ConvergenceState state() {
        return new ConvergenceState(
                settings,
                new Tally(attempt, lastStep, steps, duplicates, olderAttempts, superseded),
                extremes.value(),
                loss.value(),
                gradientNorm.value(),
                batchAccuracy.value(),
                gapMillis.value(),
                lastLoss,
                rates.value(),
                timeMillis,
                window.value(),
                curve.value(),
                schedule,
                evaluations);
    }
}
