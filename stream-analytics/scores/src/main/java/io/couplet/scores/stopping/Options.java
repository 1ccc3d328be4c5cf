package io.couplet.scores.stopping;

/** Bounds of the rules' options, each with a sentence. */
final class Options {

    private Options() {}

    static void requireFraction(String name, double value) {
        if (!(value > 0 && value < 1)) {
            throw new IllegalArgumentException(name + " must be between 0 and 1, a share of the budget, was " + value);
        }
    }

    static void requireAtLeast(String name, int least, int value) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ", was " + value);
        }
    }

    static void requireAbove(String name, double bound, double value) {
        if (!(value > bound && Double.isFinite(value))) {
            throw new IllegalArgumentException(name + " must be above " + bound + ", was " + value);
        }
    }
}
