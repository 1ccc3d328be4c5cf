package io.couplet.scores.stopping;

/** What the compared values are: how they are turned so that more is better, and on which scale their gains are alike. */
public enum Metric {
    /** A fraction in [0, 1], more is better. Its scale is {@code −ln(1 − value)}: a gain is a share of the headroom that is left. */
    ACCURACY,
    /** A positive number, less is better: a loss, a perplexity, an error rate. Its scale is {@code −ln(value)}. */
    LOSS;

    /** An error this small is no longer told from none. */
    private static final double LEAST = 1e-6;

    /** More is better: accuracies as they are, losses negated. */
    public double oriented(double reported) {
        return this == ACCURACY ? reported : -reported;
    }

    /** As it was reported. */
    public double reported(double oriented) {
        return this == ACCURACY ? oriented : -oriented;
    }

    /** The scale on which differences between optimizers carry over; NaN for NaN. */
    double score(double oriented) {
        double error = this == ACCURACY ? 1 - oriented : -oriented;
        return -Math.log(Math.max(error, LEAST));
    }

    /** The oriented value of a score. */
    double value(double score) {
        double error = Math.exp(-score);
        return this == ACCURACY ? 1 - error : -error;
    }

    String text(double oriented) {
        return StoppingRule.sentence("%s", reported(oriented));
    }
}
