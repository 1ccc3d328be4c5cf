package io.couplet.view.report;

import io.couplet.view.model.RungScore;
import io.couplet.view.model.StudyAnalysis;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the HTML and the Markdown report both say in tables: steps saved by stopping, shares of variance, families, cost. Empty tables are left out. */
record Sections(List<Table> tables) {

    /** One table; the first column names its rows. */
    record Table(String title, String note, List<String> columns, List<List<String>> rows) {}

    static Sections of(StudyReport report) {
        return new Sections(
                List.of(stopping(report), shares(report), families(report), front(report), profiles(report)).stream()
                        .filter(table -> !table.rows().isEmpty())
                        .toList());
    }

    private static Table stopping(StudyReport report) {
        StepsSaved saved = report.stopping();
        return new Table(
                "Steps saved by stopping early",
                "%s, %s %% of the budgets of all runs, were not taken."
                        .formatted(
                                String.format(Locale.ROOT, "%,d steps", saved.steps()), Texts.percent(saved.share())),
                List.of("rule", "runs stopped", "steps saved"),
                saved.rules().stream()
                        .map(rule -> List.of(
                                rule.rule(),
                                String.valueOf(rule.runs()),
                                String.format(Locale.ROOT, "%,d", rule.steps())))
                        .toList());
    }

    private static Table shares(StudyReport report) {
        StudyReport.AdviceGiven advice = report.advice();
        List<List<String>> rows = new ArrayList<>();
        share(rows, "backbone", advice.backboneShare(), advice.backboneShareInterval());
        share(rows, "optimizer", advice.optimizerShare(), advice.optimizerShareInterval());
        share(rows, "coupling", advice.interactionShare(), advice.interactionShareInterval());
        String noise = advice.noiseShare() == null
                ? ""
                : " Errors of the cells alone would give " + Texts.wholePercent(advice.noiseShare())
                        + " % of coupling.";
        String test = advice.interactionPValue() == null || advice.interactionTest() == null
                ? ""
                : String.format(
                        Locale.ROOT,
                        " %s: p = %.3g.",
                        advice.interactionTest().equals("seeds")
                                ? "F test against the differences between seeds"
                                : "Tukey's test, which only sees coupling that is a product of the two effects",
                        advice.interactionPValue());
        return new Table(
                "Where the differences in accuracy lie",
                "Two-way analysis of variance; intervals without the cells' own errors." + noise + test,
                List.of("source", "share, %", "95 % interval"),
                rows);
    }

    private static void share(
            List<List<String>> rows, String name, @Nullable Double share, RungScore.@Nullable Interval interval) {
        if (share != null) {
            rows.add(List.of(
                    name,
                    Texts.wholePercent(share),
                    interval == null
                            ? Texts.NONE
                            : Texts.wholePercent(interval.lower()) + " to " + Texts.wholePercent(interval.upper())));
        }
    }

    private static Table families(StudyReport report) {
        List<List<String>> rows = report.analysis().contrasts().stream()
                .filter(contrast -> contrast.points() != null)
                .sorted(Comparator.comparingDouble(
                                (StudyAnalysis.Contrast contrast) -> contrast.points() == null ? 0 : contrast.points())
                        .reversed())
                .map(contrast -> List.of(
                        contrast.optimizerFamily() + " on " + contrast.backboneFamily(),
                        Texts.points(contrast.points()),
                        contrast.lower() == null || contrast.upper() == null
                                ? Texts.NONE
                                : Texts.points(contrast.lower()) + " to " + Texts.points(contrast.upper()),
                        contrast.adjustedPValue() == null
                                ? Texts.NONE
                                : String.format(Locale.ROOT, "%.3f", contrast.adjustedPValue()),
                        contrast.cells() + " of " + contrast.cellsExpected()))
                .toList();
        return new Table(
                "Families",
                "Points that a family of optimizers does better on a family of backbones than elsewhere, beyond what either does on its own; p after Holm.",
                List.of("families", "points", "95 % interval", "p", "cells"),
                rows);
    }

    private static Table front(StudyReport report) {
        return new Table(
                "Accuracy against device time",
                "Pairings that no other beats in both.",
                List.of("pairing", "accuracy, %", "device seconds"),
                report.advice().pareto().stream()
                        .map(point -> List.of(
                                point.backbone() + " × " + point.optimizer(),
                                Texts.percent(point.accuracy()),
                                Texts.seconds(point.deviceSeconds())))
                        .toList());
    }

    private static Table profiles(StudyReport report) {
        StudyAnalysis analysis = report.analysis();
        return new Table(
                "Time to a good accuracy",
                "AlgoPerf's score: how much of the way between 1 and %.0f times the least device time an optimizer is there, having reached %s %% of the best accuracy on a backbone; 1 is best."
                        .formatted(analysis.largestRatio(), Texts.wholePercent(analysis.target())),
                List.of("optimizer", "score", "95 % interval", "backbones reached"),
                analysis.profiles().stream()
                        .filter(profile -> profile.score() != null)
                        .sorted(Comparator.comparingDouble((StudyAnalysis.Profile profile) ->
                                        profile.score() == null ? 0 : profile.score())
                                .reversed())
                        .map(profile -> List.of(
                                profile.optimizer(),
                                two(profile.score()),
                                profile.lower() == null || profile.upper() == null
                                        ? Texts.NONE
                                        : two(profile.lower()) + " to " + two(profile.upper()),
                                profile.ratios().size() + " of " + profile.backbones()))
                        .toList());
    }

    private static String two(@Nullable Double value) {
        return value == null ? Texts.NONE : String.format(Locale.ROOT, "%.2f", value);
    }
}
