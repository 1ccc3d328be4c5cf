package io.couplet.view.model;

import java.util.Arrays;

/**
 * One attempt's steps, in bounded memory. Up to {@link #BUCKETS} steps are kept each for itself; beyond that, neighbours
 * are merged in pairs, again and again, and a bucket then says how many steps it stands for, with their least, greatest
 * and mean loss. No step is left out of its bucket.
 */
final class Curve {

    /** Buckets kept, at most; 2,048 buckets take about 140 kB. */
    static final int BUCKETS = 2048;

    private static final int FIRST_CAPACITY = 32;

    private int size;
    private int width = 1;
    private long steps;
    private int[] first = new int[FIRST_CAPACITY];
    private int[] last = new int[FIRST_CAPACITY];
    private int[] count = new int[FIRST_CAPACITY];
    private int[] nonFinite = new int[FIRST_CAPACITY];
    private float[] lossMin = new float[FIRST_CAPACITY];
    private float[] lossMax = new float[FIRST_CAPACITY];
    private float[] lossMean = new float[FIRST_CAPACITY];
    private float[] learningRate = new float[FIRST_CAPACITY];
    private float[] gradientNorm = new float[FIRST_CAPACITY];
    private float[] batchAccuracy = new float[FIRST_CAPACITY];
    private float[] samplesPerSecond = new float[FIRST_CAPACITY];
    private float[] gradientNormMax = new float[FIRST_CAPACITY];
    private float[] updateRatio = new float[FIRST_CAPACITY];
    private float[] updateRatioMax = new float[FIRST_CAPACITY];
    private long[] timeMillis = new long[FIRST_CAPACITY];

    /** One step's values; any may be NaN, and only the loss's non-finite values are counted. */
    record Point(
            int step,
            double loss,
            double learningRate,
            float gradientNorm,
            float batchAccuracy,
            float samplesPerSecond,
            float updateRatio,
            long timeMillis) {}

    /** Takes in a step that was not taken in before; steps may come in any order. */
    void add(Point point) {
        steps++;
        int at = size;
        while (at > 0 && first[at - 1] > point.step()) {
            at--;
        }
        boolean inside = at > 0 && point.step() <= last[at - 1];
        boolean joinsLast = at == size && at > 0 && count[at - 1] < width;
        if (inside || joinsLast) {
            merge(at - 1, point);
            return;
        }
        if (size == BUCKETS) {
            halve();
            steps--;
            add(point);
            return;
        }
        insert(at, point);
    }

    int size() {
        return size;
    }

    /** Steps taken in, each in one bucket. */
    long steps() {
        return steps;
    }

    /** Appends the buckets that begin at or before a step. */
    void copyInto(CurveSeries series, int lastStep) {
        for (int i = 0; i < size && first[i] <= lastStep; i++) {
            series.add(new CurveSeries.Bucket(
                    first[i],
                    last[i],
                    count[i],
                    nonFinite[i],
                    lossMin[i],
                    lossMax[i],
                    lossMean[i],
                    learningRate[i],
                    gradientNorm[i],
                    batchAccuracy[i],
                    samplesPerSecond[i],
                    gradientNormMax[i],
                    updateRatio[i],
                    updateRatioMax[i],
                    timeMillis[i]));
        }
    }

    private void insert(int at, Point point) {
        if (size == first.length) {
            grow();
        }
        int moved = size - at;
        for (Object column : columns()) {
            System.arraycopy(column, at, column, at + 1, moved);
        }
        size++;
        first[at] = point.step();
        last[at] = point.step();
        count[at] = 1;
        boolean finite = Double.isFinite(point.loss());
        nonFinite[at] = finite ? 0 : 1;
        float loss = finite ? (float) point.loss() : Float.NaN;
        lossMin[at] = loss;
        lossMax[at] = loss;
        lossMean[at] = loss;
        learningRate[at] = (float) point.learningRate();
        gradientNorm[at] = point.gradientNorm();
        batchAccuracy[at] = point.batchAccuracy();
        samplesPerSecond[at] = point.samplesPerSecond();
        gradientNormMax[at] = point.gradientNorm();
        updateRatio[at] = point.updateRatio();
        updateRatioMax[at] = point.updateRatio();
        timeMillis[at] = point.timeMillis();
    }

    private void merge(int at, Point point) {
        boolean finite = Double.isFinite(point.loss());
        float loss = finite ? (float) point.loss() : Float.NaN;
        int finiteSteps = count[at] - nonFinite[at];
        lossMean[at] = mean(lossMean[at], finiteSteps, loss, finite ? 1 : 0);
        lossMin[at] = least(lossMin[at], loss);
        lossMax[at] = greatest(lossMax[at], loss);
        if (point.step() >= last[at]) {
            learningRate[at] = (float) point.learningRate();
            timeMillis[at] = point.timeMillis();
        }
        gradientNormMax[at] = greatest(gradientNormMax[at], point.gradientNorm());
        updateRatio[at] = mean(updateRatio[at], count[at], point.updateRatio(), 1);
        updateRatioMax[at] = greatest(updateRatioMax[at], point.updateRatio());
        gradientNorm[at] = mean(gradientNorm[at], count[at], point.gradientNorm(), 1);
        batchAccuracy[at] = mean(batchAccuracy[at], count[at], point.batchAccuracy(), 1);
        samplesPerSecond[at] = mean(samplesPerSecond[at], count[at], point.samplesPerSecond(), 1);
        nonFinite[at] += finite ? 0 : 1;
        count[at]++;
        first[at] = Math.min(first[at], point.step());
        last[at] = Math.max(last[at], point.step());
    }

    /** Merges neighbours in pairs. */
    private void halve() {
        int half = size / 2;
        for (int i = 0; i < half; i++) {
            int a = 2 * i;
            int b = a + 1;
            lossMean[i] = mean(lossMean[a], count[a] - nonFinite[a], lossMean[b], count[b] - nonFinite[b]);
            lossMin[i] = least(lossMin[a], lossMin[b]);
            lossMax[i] = greatest(lossMax[a], lossMax[b]);
            learningRate[i] = learningRate[b];
            gradientNorm[i] = mean(gradientNorm[a], count[a], gradientNorm[b], count[b]);
            batchAccuracy[i] = mean(batchAccuracy[a], count[a], batchAccuracy[b], count[b]);
            samplesPerSecond[i] = mean(samplesPerSecond[a], count[a], samplesPerSecond[b], count[b]);
            gradientNormMax[i] = greatest(gradientNormMax[a], gradientNormMax[b]);
            updateRatio[i] = mean(updateRatio[a], count[a], updateRatio[b], count[b]);
            updateRatioMax[i] = greatest(updateRatioMax[a], updateRatioMax[b]);
            timeMillis[i] = timeMillis[b];
            nonFinite[i] = nonFinite[a] + nonFinite[b];
            count[i] = count[a] + count[b];
            first[i] = first[a];
            last[i] = last[b];
        }
        size = half;
        width *= 2;
    }

    private void grow() {
        int capacity = Math.min(BUCKETS, first.length * 2);
        first = Arrays.copyOf(first, capacity);
        last = Arrays.copyOf(last, capacity);
        count = Arrays.copyOf(count, capacity);
        nonFinite = Arrays.copyOf(nonFinite, capacity);
        lossMin = Arrays.copyOf(lossMin, capacity);
        lossMax = Arrays.copyOf(lossMax, capacity);
        lossMean = Arrays.copyOf(lossMean, capacity);
        learningRate = Arrays.copyOf(learningRate, capacity);
        gradientNorm = Arrays.copyOf(gradientNorm, capacity);
        batchAccuracy = Arrays.copyOf(batchAccuracy, capacity);
        samplesPerSecond = Arrays.copyOf(samplesPerSecond, capacity);
        gradientNormMax = Arrays.copyOf(gradientNormMax, capacity);
        updateRatio = Arrays.copyOf(updateRatio, capacity);
        updateRatioMax = Arrays.copyOf(updateRatioMax, capacity);
        timeMillis = Arrays.copyOf(timeMillis, capacity);
    }

    private Object[] columns() {
        return new Object[] {
            first,
            last,
            count,
            nonFinite,
            lossMin,
            lossMax,
            lossMean,
            learningRate,
            gradientNorm,
            batchAccuracy,
            samplesPerSecond,
            gradientNormMax,
            updateRatio,
            updateRatioMax,
            timeMillis
        };
    }

    /** Weighted mean of the two that are numbers; NaN when neither is. */
    static float mean(float a, int weightA, float b, int weightB) {
        if (Float.isNaN(b) || weightB == 0) {
            return a;
        }
        if (Float.isNaN(a) || weightA == 0) {
            return b;
        }
        return (float) (((double) a * weightA + (double) b * weightB) / ((double) weightA + weightB));
    }

    static float least(float a, float b) {
        return Float.isNaN(a) ? b : Float.isNaN(b) ? a : Math.min(a, b);
    }

    static float greatest(float a, float b) {
        return Float.isNaN(a) ? b : Float.isNaN(b) ? a : Math.max(a, b);
    }
}
