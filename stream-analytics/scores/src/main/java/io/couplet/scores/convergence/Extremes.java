package io.couplet.scores.convergence;

/**
 * Where a run began, its best, and what went wrong.
 *
 * @param initialSum sum of the first finite losses
 * @param initialCount how many of them were summed, at most {@link #INITIAL_STEPS}
 * @param bestLoss the least smoothed loss since then; infinity before
 * @param bestStep its step
 * @param spikes steps whose loss stood out of the smoothed loss, after warm-up
 * @param nonFinite the first value that was no number
 * @param nonFiniteStep its step; 0 for none
 * @param explodedFor how many steps in a row both the loss and the smoothed loss have been far above the best and above the initial loss; both,
 *     because one spike stays in the mean for long
 * @param explodedStep the step at which that had lasted long enough to count; 0 for never
 */
public record Extremes(
        double initialSum,
        int initialCount,
        double bestLoss,
        long bestStep,
        long spikes,
        NonFinite nonFinite,
        long nonFiniteStep,
        long explodedFor,
        long explodedStep) {

    static final int INITIAL_STEPS = 5;

    static final Extremes EMPTY = new Extremes(0, 0, Double.POSITIVE_INFINITY, 0, 0, NonFinite.NONE, 0, 0, 0);

    /** Mean of the first losses; NaN before the first. */
    public double initialLoss() {
        return initialCount == 0 ? Double.NaN : initialSum / initialCount;
    }

    private static boolean explodes(double loss, double best, double initial, ConvergenceSettings settings) {
        return Double.isFinite(best)
                && loss > initial
                && loss - best > (settings.explosionFactor() - 1) * Math.abs(best);
    }

    /** The beginning of the run is kept, what a later attempt repeats is forgotten. */
    Extremes restarted(Blocks kept) {
        Blocks.Points points = kept.points(0);
        double best = Double.POSITIVE_INFINITY;
        long at = 0;
        for (int i = 0; i < points.size(); i++) {
            if (points.weight()[i] >= INITIAL_STEPS && points.y()[i] < best) {
                best = points.y()[i];
                at = Math.round(points.x()[i]);
            }
        }
        return new Extremes(initialSum, initialCount, best, at, spikes, NonFinite.NONE, 0, 0, 0);
    }

    /** Extremes that take losses in place. */
    static final class Fold {
        private double initialSum;
        private int initialCount;
        private double bestLoss;
        private long bestStep;
        private long spikes;
        private NonFinite nonFinite = NonFinite.NONE;
        private long nonFiniteStep;
        private long explodedFor;
        private long explodedStep;

        Fold(Extremes from) {
            set(from);
        }

        final void set(Extremes from) {
            initialSum = from.initialSum;
            initialCount = from.initialCount;
            bestLoss = from.bestLoss;
            bestStep = from.bestStep;
            spikes = from.spikes;
            nonFinite = from.nonFinite;
            nonFiniteStep = from.nonFiniteStep;
            explodedFor = from.explodedFor;
            explodedStep = from.explodedStep;
        }

        /** Notes what is no number, the first of the losses or else the first of all. */
        void plusNonFinite(NonFinite found, long step) {
            if (!nonFinite.ofLoss() && (nonFinite == NonFinite.NONE || found.ofLoss())) {
                nonFinite = found;
                nonFiniteStep = step;
            }
        }

        /** Takes a finite loss; {@code smoothed} is the mean with it. */
        void plus(long step, double loss, double smoothed, boolean spike, ConvergenceSettings settings) {
            boolean initial = initialCount < INITIAL_STEPS;
            if (initial) {
                initialSum += loss;
                initialCount++;
            } else if (smoothed < bestLoss) {
                bestLoss = smoothed;
                bestStep = step;
            }
            double lower = Math.min(loss, smoothed);
            boolean explodes =
                    step > settings.warmupSteps() && explodes(lower, bestLoss, initialSum / initialCount, settings);
            explodedFor = explodes ? explodedFor + 1 : 0;
            if (explodedStep == 0 && explodedFor >= Math.max(5, Math.ceil(2 * settings.halfLifeSteps()))) {
                explodedStep = step;
            }
            spikes += spike ? 1 : 0;
        }

        Extremes value() {
            return new Extremes(
                    initialSum,
                    initialCount,
                    bestLoss,
                    bestStep,
                    spikes,
                    nonFinite,
                    nonFiniteStep,
                    explodedFor,
                    explodedStep);
        }
    }
}
