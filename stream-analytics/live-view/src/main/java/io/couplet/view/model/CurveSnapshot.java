package io.couplet.view.model;

/**
 * A curve as it is shown: columns of equal length, NaN (null in JSON) where there is no value.
 *
 * @param step last step of the point
 * @param steps how many steps the point stands for
 * @param nonFinite how many of them had a loss that was NaN or infinite
 * @param loss mean training loss, nats
 * @param lossMin least loss, nats
 * @param lossMax greatest loss, nats
 * @param smoothedLoss bias-corrected exponential mean of the loss, nats
 * @param learningRate learning rate of the last step
 * @param gradientNorm mean L2 norm of the gradient
 * @param batchAccuracy mean accuracy on the batches, a fraction
 * @param samplesPerSecond mean training images a second
 * @param gradientNormMax greatest L2 norm of the gradient
 * @param updateRatio mean L2 norm of the update over that of the weights
 * @param updateRatioMax the greatest
 * @param seconds seconds from the run's first step to the point's last
 * @param spike whether a loss stood out of the smoothed one before it
 * @param halfLifeSteps half-life of the smoothed loss, in steps
 */
@SuppressWarnings("ArrayRecordComponent") // Columns for JSON, never compared.
public record CurveSnapshot(
        int[] step,
        int[] steps,
        int[] nonFinite,
        double[] loss,
        double[] lossMin,
        double[] lossMax,
        double[] smoothedLoss,
        double[] learningRate,
        double[] gradientNorm,
        double[] batchAccuracy,
        double[] samplesPerSecond,
        double[] gradientNormMax,
        double[] updateRatio,
        double[] updateRatioMax,
        double[] seconds,
        boolean[] spike,
        double halfLifeSteps) {

    static CurveSnapshot ofSize(int size, double halfLifeSteps) {
        return new CurveSnapshot(
                new int[size],
                new int[size],
                new int[size],
                new double[size],
                new double[size],
                new double[size],
                new double[size],
                new double[size],
                new double[size],
                new double[size],
                new double[size],
                new double[size],
                new double[size],
                new double[size],
                new double[size],
                new boolean[size],
                halfLifeSteps);
    }

    void set(int at, CurveSeries.Bucket bucket, double smoothed, boolean isSpike, long beginMillis) {
        step[at] = bucket.last();
        steps[at] = bucket.count();
        nonFinite[at] = bucket.nonFinite();
        loss[at] = bucket.lossMean();
        lossMin[at] = bucket.lossMin();
        lossMax[at] = bucket.lossMax();
        smoothedLoss[at] = smoothed;
        learningRate[at] = bucket.learningRate();
        gradientNorm[at] = bucket.gradientNorm();
        batchAccuracy[at] = bucket.batchAccuracy();
        samplesPerSecond[at] = bucket.samplesPerSecond();
        gradientNormMax[at] = bucket.gradientNormMax();
        updateRatio[at] = bucket.updateRatio();
        updateRatioMax[at] = bucket.updateRatioMax();
        seconds[at] = Math.max(0, bucket.timeMillis() - beginMillis) / 1000.0;
        spike[at] = isSpike;
    }
}
