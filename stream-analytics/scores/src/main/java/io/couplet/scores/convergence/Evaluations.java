package io.couplet.scores.convergence;

import java.util.Arrays;

/**
 * A run's evaluations, thinned to a constant size: at most {@value #CAPACITY} means of equally many evaluations each; when they are full, neighbours are merged.
 *
 * <p>They come in the order of the run's topic. One of an older attempt, or at or before the newest step of its own attempt, changes nothing but a counter; the first of
 * a later attempt takes back what stood at or after its step. Nothing here depends on the run's training steps, so that it does not matter which topic was read
 * first. Arrays are never written after they were handed to a record.
 *
 * @param attempt the newest attempt that was evaluated; 0 before the first
 * @param lastStep its newest step
 * @param count evaluations that count
 * @param ignored evaluations that do not: duplicates, of older attempts, taken back, or without a finite result
 * @param stride evaluations of a full mean
 * @param firstSteps the first step of each mean
 * @param steps the sum of the steps of each mean
 * @param top1 the sum of the accuracies of each mean, fractions
 * @param counts the evaluations of each mean
 * @param lastTop1 the newest accuracy; NaN before the first
 * @param targetStep the step of the first evaluation that reached the target; 0 for none
 * @param targetSeconds device seconds up to it, of all attempts as far as evaluations tell
 * @param earlierSeconds device seconds of earlier attempts up to their last evaluation
 * @param attemptSeconds device seconds of the newest attempt up to its last evaluation
 */
public record Evaluations(
        int attempt,
        long lastStep,
        long count,
        long ignored,
        int stride,
        long[] firstSteps,
        double[] steps,
        double[] top1,
        double[] counts,
        double lastTop1,
        long targetStep,
        double targetSeconds,
        double earlierSeconds,
        double attemptSeconds) {

    static final int CAPACITY = 128;

    public static final Evaluations NONE = new Evaluations(
            0, 0, 0, 0, 1, new long[0], new double[0], new double[0], new double[0], Double.NaN, 0, 0, 0, 0);

    /**
     * One evaluation more.
     *
     * @param ofAttempt 1-based attempt
     * @param step after which was evaluated
     * @param accuracy top-1, a fraction in [0, 1]; NaN when the run gave none
     * @param reached whether it reaches the study's target
     * @param seconds device seconds of the attempt by then
     */
    public Evaluations plus(int ofAttempt, long step, double accuracy, boolean reached, double seconds) {
        if (ofAttempt < attempt || ofAttempt == attempt && step <= lastStep) {
            return with(count, ignored + 1);
        }
        Evaluations kept = ofAttempt == attempt || attempt == 0 ? this : before(step);
        double spent = Double.isFinite(seconds) ? Math.max(0, seconds) : kept.attemptSeconds;
        if (!(accuracy >= 0 && accuracy <= 1)) {
            return kept.next(ofAttempt, step, spent, reached).with(kept.count, kept.ignored + 1);
        }
        return kept.add(step, accuracy).next(ofAttempt, step, spent, reached);
    }

    private Evaluations next(int ofAttempt, long step, double seconds, boolean reached) {
        boolean first = reached && targetStep == 0;
        return new Evaluations(
                ofAttempt,
                step,
                count,
                ignored,
                stride,
                firstSteps,
                steps,
                top1,
                counts,
                lastTop1,
                first ? step : targetStep,
                first ? earlierSeconds + seconds : targetSeconds,
                earlierSeconds,
                seconds);
    }

    private Evaluations with(long counted, long notCounted) {
        return new Evaluations(
                attempt,
                lastStep,
                counted,
                notCounted,
                stride,
                firstSteps,
                steps,
                top1,
                counts,
                lastTop1,
                targetStep,
                targetSeconds,
                earlierSeconds,
                attemptSeconds);
    }

    private Evaluations add(long step, double accuracy) {
        int last = counts.length - 1;
        if (last >= 0 && counts[last] < stride) {
            double[] sumSteps = steps.clone();
            double[] sums = top1.clone();
            double[] numbers = counts.clone();
            sumSteps[last] += step;
            sums[last] += accuracy;
            numbers[last]++;
            return curve(count + 1, ignored, stride, firstSteps, sumSteps, sums, numbers, accuracy);
        }
        if (counts.length == CAPACITY) {
            return merged().add(step, accuracy);
        }
        return curve(
                count + 1,
                ignored,
                stride,
                appended(firstSteps, step),
                appended(steps, step),
                appended(top1, accuracy),
                appended(counts, 1),
                accuracy);
    }

    private Evaluations merged() {
        int half = CAPACITY / 2;
        long[] firsts = new long[half];
        double[] sumSteps = new double[half];
        double[] sums = new double[half];
        double[] numbers = new double[half];
        for (int i = 0; i < half; i++) {
            firsts[i] = firstSteps[2 * i];
            sumSteps[i] = steps[2 * i] + steps[2 * i + 1];
            sums[i] = top1[2 * i] + top1[2 * i + 1];
            numbers[i] = counts[2 * i] + counts[2 * i + 1];
        }
        return curve(count, ignored, 2 * stride, firsts, sumSteps, sums, numbers, lastTop1);
    }

    /** What is left when a later attempt is evaluated at {@code step}: whole means before it. */
    private Evaluations before(long step) {
        int kept = 0;
        double left = 0;
        double last = Double.NaN;
        while (kept < counts.length && (kept + 1 < counts.length ? firstSteps[kept + 1] <= step : lastStep < step)) {
            left += counts[kept];
            last = top1[kept] / counts[kept];
            kept++;
        }
        Evaluations shorter = curve(
                Math.round(left),
                ignored + count - Math.round(left),
                stride,
                Arrays.copyOf(firstSteps, kept),
                Arrays.copyOf(steps, kept),
                Arrays.copyOf(top1, kept),
                Arrays.copyOf(counts, kept),
                last);
        boolean stillReached = targetStep > 0 && targetStep < step;
        return new Evaluations(
                attempt,
                lastStep,
                shorter.count,
                shorter.ignored,
                stride,
                shorter.firstSteps,
                shorter.steps,
                shorter.top1,
                shorter.counts,
                last,
                stillReached ? targetStep : 0,
                stillReached ? targetSeconds : 0,
                earlierSeconds + attemptSeconds,
                0);
    }

    private Evaluations curve(
            long counted,
            long notCounted,
            int evaluationsOfAMean,
            long[] firsts,
            double[] sumSteps,
            double[] sums,
            double[] numbers,
            double last) {
        return new Evaluations(
                attempt,
                lastStep,
                counted,
                notCounted,
                evaluationsOfAMean,
                firsts,
                sumSteps,
                sums,
                numbers,
                last,
                targetStep,
                targetSeconds,
                earlierSeconds,
                attemptSeconds);
    }

    private static double[] appended(double[] array, double value) {
        double[] copy = Arrays.copyOf(array, array.length + 1);
        copy[array.length] = value;
        return copy;
    }

    private static long[] appended(long[] array, long value) {
        long[] copy = Arrays.copyOf(array, array.length + 1);
        copy[array.length] = value;
        return copy;
    }

    /** The points (mean step, mean error 1 − top-1, evaluations) of the means that begin at {@code fromStep} or later. */
    Blocks.Points errors(long fromStep) {
        int from = 0;
        while (from < counts.length && firstSteps[from] < fromStep) {
            from++;
        }
        int n = counts.length - from;
        double[] x = new double[n];
        double[] y = new double[n];
        double[] w = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = steps[from + i] / counts[from + i];
            y[i] = 1 - top1[from + i] / counts[from + i];
            w[i] = counts[from + i];
        }
        return new Blocks.Points(x, y, w);
    }
}
