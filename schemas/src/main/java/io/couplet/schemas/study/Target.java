package io.couplet.schemas.study;

import org.jspecify.annotations.Nullable;

/**
 * What the runs of a study aim at; steps and seconds to it are measured, it trains nothing and stops nothing.
 *
 * @param accuracy validation top-1, a fraction in (0, 1]; null when a loss is aimed at
 * @param loss validation loss in nats, above 0; null when an accuracy is aimed at
 */
public record Target(@Nullable Double accuracy, @Nullable Double loss) {

    static final String ONE_OF_TWO = "target has both accuracy and loss: keep one";

    public Target {
        if (accuracy == null && loss == null) {
            throw new IllegalArgumentException("target needs accuracy or loss");
        }
        if (accuracy != null && loss != null) {
            throw new IllegalArgumentException(ONE_OF_TWO);
        }
        if (accuracy != null) {
            Bounds.TARGET_ACCURACY.require("target.accuracy", accuracy);
        }
        if (loss != null) {
            Bounds.TARGET_LOSS.require("target.loss", loss);
        }
    }
}
