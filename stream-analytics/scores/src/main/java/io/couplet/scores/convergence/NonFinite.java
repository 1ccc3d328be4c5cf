package io.couplet.scores.convergence;

/** The first value of a run that was no number, by name. A gradient norm of NaN says that none was measured, not that it was NaN. */
public enum NonFinite {
    NONE,
    NAN_LOSS,
    INFINITE_LOSS,
    INFINITE_GRADIENT;

    /** True for a loss: such a run has diverged. A gradient alone may still be clipped or skipped by the trainer. */
    public boolean ofLoss() {
        return this == NAN_LOSS || this == INFINITE_LOSS;
    }

    static NonFinite of(double loss, double gradientNorm) {
        if (Double.isNaN(loss)) {
            return NAN_LOSS;
        }
        if (Double.isInfinite(loss)) {
            return INFINITE_LOSS;
        }
        return Double.isInfinite(gradientNorm) ? INFINITE_GRADIENT : NONE;
    }
}
