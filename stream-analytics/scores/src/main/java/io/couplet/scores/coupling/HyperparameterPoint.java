package io.couplet.scores.coupling;

/** A point of the hyper-parameter grid: peak learning rate and weight decay. */
public record HyperparameterPoint(double learningRate, double weightDecay) {

    public HyperparameterPoint {
        if (!(Double.isFinite(learningRate) && Double.isFinite(weightDecay))) {
            throw new IllegalArgumentException(
                    "learningRate and weightDecay must be finite, were " + learningRate + " and " + weightDecay);
        }
    }
}
