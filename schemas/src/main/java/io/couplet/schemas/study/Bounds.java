package io.couplet.schemas.study;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The limits of every number in a study, once: for the file's reader and for the records' constructors. */
enum Bounds {
    IMAGE_SIZE(8, 1_024, true),
    LIMIT(1, 1_000_000_000, true),
    VALIDATION_FRACTION(0, 1, false) {
        @Override
        boolean excludesLeast() {
            return true;
        }

        @Override
        boolean excludesMost() {
            return true;
        }
    },
    /** What a double holds exactly, so that no JSON reader changes it. */
    SEED(-9_007_199_254_740_991L, 9_007_199_254_740_991L, true),
    STEPS(1, 10_000_000, true),
    BATCH_SIZE(2, 65_536, true),
    WARMUP_STEPS(0, 10_000_000, true),
    WARMUP_FRACTION(0, 1, false) {
        @Override
        boolean excludesMost() {
            return true;
        }
    },
    LABEL_SMOOTHING(0, 1, false) {
        @Override
        boolean excludesMost() {
            return true;
        }
    },
    CLIP_GRADIENT_NORM(0, 1e9, false),
    MIXING_ALPHA(0, 1_000, false),
    RANDOM_ERASING(0, 1, false),
    DROP_PATH(0, 1, false) {
        @Override
        boolean excludesMost() {
            return true;
        }
    },
    EMA_DECAY(0, 1, false) {
        @Override
        boolean excludesMost() {
            return true;
        }
    },
    LEARNING_RATE(0, 1e6, false) {
        @Override
        boolean excludesLeast() {
            return true;
        }
    },
    WEIGHT_DECAY(0, 1e6, false),
    OPTION(-1e12, 1e12, false),
    RUNG(0, 1, false) {
        @Override
        boolean excludesLeast() {
            return true;
        }
    },
    TARGET_ACCURACY(0, 1, false) {
        @Override
        boolean excludesLeast() {
            return true;
        }
    },
    TARGET_LOSS(0, 1e6, false) {
        @Override
        boolean excludesLeast() {
            return true;
        }
    };

    private final double least;
    private final double most;
    private final boolean whole;

    Bounds(double least, double most, boolean whole) {
        this.least = least;
        this.most = most;
        this.whole = whole;
    }

    boolean whole() {
        return whole;
    }

    boolean excludesLeast() {
        return false;
    }

    boolean excludesMost() {
        return false;
    }

    boolean allows(double value) {
        boolean lowEnough = excludesMost() ? value < most : value <= most;
        boolean highEnough = excludesLeast() ? value > least : value >= least;
        return lowEnough && highEnough;
    }

    /** E.g. {@code a whole number from 1 to 10000000}. */
    String inWords() {
        if (whole) {
            return "a whole number from " + StudyYaml.number((long) least) + " to " + StudyYaml.number((long) most);
        }
        return "a number " + (excludesLeast() ? "above " : "from ") + StudyYaml.number(least)
                + (excludesMost() ? " and below " : excludesLeast() ? " and at most " : " to ")
                + StudyYaml.number(most);
    }

    void require(String name, double value) {
        if (!allows(value)) {
            throw new IllegalArgumentException(name + " must be " + inWords() + ", was "
                    + (whole ? Long.toString((long) value) : StudyYaml.number(value)));
        }
    }

    void requireIfGiven(String name, @Nullable Number value) {
        if (value != null) {
            require(name, value.doubleValue());
        }
    }

    void requireAll(String name, List<? extends Number> values) {
        values.forEach(value -> require(name, value.doubleValue()));
    }
}
