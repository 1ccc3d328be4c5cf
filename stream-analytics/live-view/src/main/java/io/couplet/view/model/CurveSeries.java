package io.couplet.view.model;

import java.util.ArrayList;
import java.util.List;

/** A run's curve over all its attempts, ready to be thinned to as many points as a screen shows. */
final class CurveSeries {

    private static final double SPIKE_DEVIATIONS = 4;
    /** A deviation is only known from so many steps. */
    private static final int SPIKE_NEEDS_STEPS = 8;

    private final List<Bucket> buckets = new ArrayList<>();

    /** Steps {@code first} to {@code last}; NaN where a value was not measured or never finite. */
    record Bucket(
            int first,
            int last,
            int count,
            int nonFinite,
            float lossMin,
            float lossMax,
            float lossMean,
            float learningRate,
            float gradientNorm,
            float batchAccuracy,
            float samplesPerSecond,
            float gradientNormMax,
            float updateRatio,
            float updateRatioMax,
            long timeMillis) {

        Bucket plus(Bucket later) {
            return new Bucket(
                    first,
                    later.last,
                    count + later.count,
                    nonFinite + later.nonFinite,
                    Curve.least(lossMin, later.lossMin),
                    Curve.greatest(lossMax, later.lossMax),
                    Curve.mean(lossMean, count - nonFinite, later.lossMean, later.count - later.nonFinite),
                    later.learningRate,
                    Curve.mean(gradientNorm, count, later.gradientNorm, later.count),
                    Curve.mean(batchAccuracy, count, later.batchAccuracy, later.count),
                    Curve.mean(samplesPerSecond, count, later.samplesPerSecond, later.count),
                    Curve.greatest(gradientNormMax, later.gradientNormMax),
                    Curve.mean(updateRatio, count, later.updateRatio, later.count),
                    Curve.greatest(updateRatioMax, later.updateRatioMax),
                    later.timeMillis);
        }
    }

    void add(Bucket bucket) {
        buckets.add(bucket);
    }

    /**
     * At most {@code points} points, each the merger of as many neighbours, so that no spike of the loss is lost.
     *
     * <p>A point holds a spike when its greatest loss lies {@value #SPIKE_DEVIATIONS} standard deviations of the steps before it above their smoothed loss; the
     * deviation of merged steps is that of their means times the root of their count.
     *
     * @param halfLifeSteps half-life of the smoothed loss, in steps
     * @param beginMillis the moment seconds count from, milliseconds since the epoch
     */
    CurveSnapshot thinned(int points, double halfLifeSteps, long beginMillis) {
        if (points < 1) {
            throw new IllegalArgumentException("points must be at least 1, was " + points);
        }
        int group = Math.max(1, (buckets.size() + points - 1) / points);
        int size = (buckets.size() + group - 1) / group;
        CurveSnapshot snapshot = CurveSnapshot.ofSize(size, halfLifeSteps);
        double weighted = 0;
        double weight = 0;
        double squares = 0;
        int seen = 0;
        for (int i = 0; i < size; i++) {
            Bucket merged = buckets.get(i * group);
            boolean spike = false;
            for (int j = i * group; j < Math.min(buckets.size(), (i + 1) * group); j++) {
                Bucket bucket = buckets.get(j);
                if (j > i * group) {
                    merged = merged.plus(bucket);
                }
                int finite = bucket.count() - bucket.nonFinite();
                if (finite > 0) {
                    // Exponential mean with its bias corrected: a weight that grows from 0 towards 1 divides it.
                    double keep = Math.pow(0.5, finite / halfLifeSteps);
                    double away = bucket.lossMean() - weighted / weight;
                    double deviation = Math.sqrt(squares / weight);
                    spike |= seen >= SPIKE_NEEDS_STEPS
                            && bucket.lossMax() - weighted / weight > SPIKE_DEVIATIONS * deviation;
                    squares = keep * squares + (1 - keep) * finite * (weight > 0 ? away * away : 0);
                    seen += finite;
                    weighted = keep * weighted + (1 - keep) * bucket.lossMean();
                    weight = keep * weight + (1 - keep);
                }
            }
            snapshot.set(i, merged, weight > 0 ? weighted / weight : Double.NaN, spike, beginMillis);
        }
        return snapshot;
    }
}
