package io.couplet.trainer.data;

/**
 * SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014), written out because the numbers of
 * the JDK's generators between two bounds are not promised to stay the same from one JDK to the next.
 */
final class SplitMix {
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private long state;

    private SplitMix(long state) {
        this.state = state;
    }

    /** A generator of its own for each sequence of numbers, so that work can be done in any order. */
    static SplitMix of(long seed, long... path) {
        long state = mix(seed + GOLDEN_GAMMA);
        for (long number : path) {
            state = mix(state * 31 + number + GOLDEN_GAMMA);
        }
        return new SplitMix(state);
    }

    private static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    long nextLong() {
        state += GOLDEN_GAMMA;
        return mix(state);
    }

    /** From 0 to bound − 1, uniform up to bound / 2³¹. */
    int nextInt(int bound) {
        return (int) (((nextLong() >>> 33) * bound) >>> 31);
    }

    /** Uniform in [from, to). */
    double between(double from, double to) {
        return from + (to - from) * ((nextLong() >>> 11) * 0x1p-53);
    }

    /** Standard normal: Marsaglia's polar method, one of its two numbers. */
    double nextGaussian() {
        while (true) {
            double x = between(-1, 1);
            double y = between(-1, 1);
            double square = x * x + y * y;
            if (square < 1 && square > 0) {
                return x * Math.sqrt(-2 * StrictMath.log(square) / square);
            }
        }
    }

    /** Standard normal numbers, both of each pair that the polar method makes. */
    void fillWithGaussians(float[] target, int from, int to) {
        int k = from;
        while (k < to) {
            double x = between(-1, 1);
            double y = between(-1, 1);
            double square = x * x + y * y;
            if (square < 1 && square > 0) {
                double radius = Math.sqrt(-2 * StrictMath.log(square) / square);
                target[k++] = (float) (x * radius);
                if (k < to) {
                    target[k++] = (float) (y * radius);
                }
            }
        }
    }

    /**
     * From the symmetric Beta distribution: the share that one of two gamma variates has of their sum, reckoned with logarithms because for a small alpha both may
     * be too small for a double.
     *
     * @param alpha above 0
     */
    double nextBeta(double alpha) {
        double one = nextLogGamma(alpha);
        double two = nextLogGamma(alpha);
        return 1 / (1 + StrictMath.exp(two - one));
    }

    /** Marsaglia and Tsang 2000, A simple method for generating gamma variables, at alpha + 1 and brought down to alpha as they say in section 6. */
    private double nextLogGamma(double alpha) {
        double d = alpha + 2.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double x = nextGaussian();
            double v = (1 + c * x) * (1 + c * x) * (1 + c * x);
            if (v > 0 && StrictMath.log(1 - between(0, 1)) < x * x / 2 + d * (1 - v + StrictMath.log(v))) {
                return StrictMath.log(d * v) + StrictMath.log(1 - between(0, 1)) / alpha;
            }
        }
    }

    boolean nextBoolean() {
        return nextLong() < 0;
    }

    /** Fisher and Yates. */
    void shuffle(int[] values) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = nextInt(i + 1);
            int kept = values[i];
            values[i] = values[j];
            values[j] = kept;
        }
    }
}
