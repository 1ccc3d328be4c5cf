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
