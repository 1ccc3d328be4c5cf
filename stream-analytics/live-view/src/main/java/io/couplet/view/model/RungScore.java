package io.couplet.view.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The grid's summary at one rung, as the scores' job wrote it; units as in the schema StudyScore. */
public record RungScore(
        int rung,
        double fraction,
        int cellsReporting,
        int cellsExpected,
        @Nullable String tooFew,
        @Nullable Double overall,
        @Nullable Double backboneShare,
        @Nullable Double optimizerShare,
        @Nullable Double interactionShare,
        @Nullable Interval backboneShareInterval,
        @Nullable Interval optimizerShareInterval,
        @Nullable Interval interactionShareInterval,
        @Nullable Double noiseShare,
        @Nullable String interactionTest,
        @Nullable Double interactionPValue,
        List<Backbone> backbones,
        List<Optimizer> optimizers,
        @Nullable String minimaxOptimizer,
        @Nullable Double minimaxRegret,
        List<Pareto> pareto) {

    /** A backbone's summary; best holds the optimizers that cannot be told apart from its best, best first. */
    public record Backbone(
            String name,
            @Nullable Double effect,
            @Nullable Double coupling,
            @Nullable Double mean,
            @Nullable Double std,
            @Nullable Double range,
            @Nullable Double printedMean,
            @Nullable Double printedStd,
            @Nullable Double printedRange,
            int failures,
            List<String> best) {}

    /** An optimizer's summary. */
    public record Optimizer(
            String name,
            @Nullable Double effect,
            @Nullable Double coupling,
            int failures,
            @Nullable Double overallRank,
            @Nullable Double robustnessSteps,
            @Nullable Double worstRegret) {}

    /** A 95 % interval of a share of variance, without the errors of the cells. */
    public record Interval(double lower, double upper) {}

    /** A point of the front of accuracy (a fraction) against device seconds. */
    public record Pareto(String backbone, String optimizer, double accuracy, double deviceSeconds) {}

    /** Whether every cell of the grid has a value. */
    public boolean complete() {
        return cellsExpected > 0 && cellsReporting >= cellsExpected;
    }
}
