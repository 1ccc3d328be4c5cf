package io.couplet.trainer.backbones;

import java.util.random.RandomGenerator;

/** How a tensor's values stand before the first step. */
@FunctionalInterface
public interface Initializer {

    /** One value; called once per element in row-major order. */
    float next(RandomGenerator random);

    /** Every element the same. */
    static Initializer constant(double value) {
        return random -> (float) value;
    }

    /** Uniform in [−bound, bound). */
    static Initializer uniform(double bound) {
        return random -> (float) ((2 * random.nextDouble() - 1) * bound);
    }

    /** Gaussian with mean zero. */
    static Initializer normal(double standardDeviation) {
        return random -> (float) (random.nextGaussian() * standardDeviation);
    }

    /**
     * Gaussian with mean zero, cut off at ±2 as timm's {@code trunc_normal_} cuts it: the bounds are absolute, so with a standard deviation of 0.02
     * nothing is ever cut.
     */
    static Initializer truncatedNormal(double standardDeviation) {
        return random -> {
            double value;
            do {
                value = random.nextGaussian() * standardDeviation;
            } while (Math.abs(value) > 2);
            return (float) value;
        };
    }

    /** He et al. 2015 for ReLU, variance kept on the way back: standard deviation √(2 / fanOut). */
    static Initializer kaimingNormal(long fanOut) {
        return normal(Math.sqrt(2.0 / fanOut));
    }

    /** LeCun: standard deviation √(1 / fanIn), drawn from a Gaussian cut off at two standard deviations. */
    static Initializer lecunNormal(long fanIn) {
        double standardDeviation = Math.sqrt(1.0 / fanIn) / 0.87962566103423978;
        return random -> {
            double unit;
            do {
                unit = random.nextGaussian();
            } while (Math.abs(unit) > 2);
            return (float) (unit * standardDeviation);
        };
    }

    /** Glorot and Bengio 2010: uniform with bound √(6 / (fanIn + fanOut)). */
    static Initializer xavierUniform(long fanIn, long fanOut) {
        return uniform(Math.sqrt(6.0 / (fanIn + fanOut)));
    }

    /** What torch gives a convolution or linear layer, weight and bias alike: uniform with bound 1 / √fanIn. */
    static Initializer torchDefault(long fanIn) {
        return uniform(1 / Math.sqrt(fanIn));
    }
}
