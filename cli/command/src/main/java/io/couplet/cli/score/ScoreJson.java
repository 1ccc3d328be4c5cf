package io.couplet.cli.score;

import io.couplet.cli.local.Label;
import io.couplet.scores.coupling.Advice;
import io.couplet.scores.coupling.Coupling;
import io.couplet.scores.coupling.CouplingSettings;
import io.couplet.scores.coupling.Estimate;
import io.couplet.scores.coupling.FamilyContrast;
import io.couplet.scores.coupling.InteractionTest;
import io.couplet.scores.coupling.PaperStatistics;
import io.couplet.scores.coupling.PerformanceProfiles;
import io.couplet.scores.coupling.VarianceShares;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/** A report as JSON values; accuracies and their differences in percentage points, whatever the table's unit. */
final class ScoreJson {

    private static final double DIGITS = 1e9;
    private static final double[] RATIOS = {1, 1.1, 1.25, 1.5, 2, 3, 4};

    private final ResultTable results;
    private final CouplingSettings settings;
    private final Coupling coupling;
    private final Optional<PerformanceProfiles> profiles;

    ScoreJson(
            ResultTable results, CouplingSettings settings, Coupling coupling, Optional<PerformanceProfiles> profiles) {
        this.results = results;
        this.settings = settings;
        this.coupling = coupling;
        this.profiles = profiles;
    }

    Map<String, Object> report() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("table", results.file());
        json.put("unit", results.unit().toString());
        json.put("gamma", settings.gammaPoints());
        json.put(
                "coverage",
                object(
                        "cells",
                        coupling.cellsReporting(),
                        "expected",
                        coupling.cellsExpected(),
                        "diverged",
                        coupling.cells().stream()
                                .filter(c -> c.cell().divergedSeeds() > 0)
                                .count(),
                        "seeds",
                        coupling.seeds()));
        json.put("tooFew", text(coupling.tooFew()));
        json.put("overall", number(coupling.overallPoints()));
        json.put("shares", shares());
        json.put("interactionTest", interactionTest());
        json.put("errors", errors());
        json.put(
                "backbones",
                coupling.backbones().stream().map(ScoreJson::backbone).toList());
        json.put(
                "optimizers",
                coupling.optimizers().stream().map(this::optimizer).toList());
        json.put("cells", coupling.cells().stream().map(ScoreJson::cell).toList());
        json.put(
                "contrasts",
                coupling.contrasts().stream().map(ScoreJson::contrast).toList());
        json.put("advice", advice());
        json.put("profiles", profiles.map(ScoreJson::profiles).orElse(null));
        return json;
    }

    private Map<String, Object> shares() {
        VarianceShares shares = coupling.shares();
        return object(
                "backbone",
                number(shares.backbone().value()),
                "optimizer",
                number(shares.optimizer().value()),
                "interaction",
                number(shares.interaction().value()),
                "backboneInterval",
                interval(shares.backbone()),
                "optimizerInterval",
                interval(shares.optimizer()),
                "interactionInterval",
                interval(shares.interaction()),
                "intervalsOf",
                shares.intervals() == VarianceShares.Intervals.NONE ? null : Label.of(shares.intervals()),
                "noise",
                number(shares.noise()),
                "freedom",
                shares.freedom());
    }

    private Map<String, Object> interactionTest() {
        InteractionTest test = coupling.interaction();
        return object(
                "test",
                test.kind() == InteractionTest.Kind.NONE ? null : Label.of(test.kind()),
                "statistic",
                number(test.statistic()),
                "numeratorFreedom",
                test.numeratorFreedom(),
                "denominatorFreedom",
                test.denominatorFreedom(),
                "pValue",
                exact(test.pValue()),
                "tooFew",
                text(test.tooFew()));
    }

    private Map<String, Object> errors() {
        return object(
                "basis",
                Label.of(coupling.uncertainty().basis()),
                "seedStandardDeviation",
                coupling.uncertainty().freedom() == 0
                        ? null
                        : number(100 * Math.sqrt(coupling.uncertainty().seedVariance())),
                "freedom",
                coupling.uncertainty().freedom(),
                "validationSamples",
                coupling.uncertainty().validationSamples());
    }

    private static Map<String, Object> backbone(Coupling.BackboneCoupling backbone) {
        PaperStatistics statistics = backbone.statistics();
        return object(
                "name",
                backbone.name(),
                "coupling",
                number(backbone.couplingPoints()),
                "effect",
                number(backbone.effectPoints()),
                "mean",
                number(statistics.mean()),
                "std",
                number(statistics.std()),
                "range",
                number(statistics.range()),
                "printedMean",
                number(statistics.printedMean()),
                "printedStd",
                number(statistics.printedStd()),
                "printedRange",
                number(statistics.printedRange()),
                "failures",
                backbone.failures(),
                "best",
                backbone.best(),
                "cells",
                backbone.cells());
    }

    private Map<String, Object> optimizer(Coupling.OptimizerCoupling optimizer) {
        return object(
                "name",
                optimizer.name(),
                "family",
                settings.families().optimizers().get(optimizer.name()),
                "coupling",
                number(optimizer.couplingPoints()),
                "effect",
                number(optimizer.effectPoints()),
                "failures",
                optimizer.failures(),
                "performanceRank",
                number(optimizer.accuracyRank()),
                "robustnessRank",
                number(optimizer.robustnessRank()),
                "couplingRank",
                number(optimizer.couplingRank()),
                "costRank",
                number(optimizer.costRank()),
                "overallScore",
                number(optimizer.overallScore()),
                "overallRank",
                number(optimizer.overallRank()),
                "worstRegret",
                number(optimizer.worstRegretPoints()),
                "algoPerf",
                profiles.map(p -> number(p.profile(optimizer.name()).score().value()))
                        .orElse(null),
                "cells",
                optimizer.cells());
    }

    private static Map<String, Object> cell(Coupling.CellCoupling cell) {
        return object(
                "backbone",
                cell.backbone(),
                "optimizer",
                cell.optimizer(),
                "value",
                number(100 * cell.cell().accuracy()),
                "residual",
                number(cell.residualPoints().value()),
                "interval",
                interval(cell.residualPoints()),
                "failed",
                cell.failed(),
                "diverged",
                cell.cell().divergedSeeds() > 0,
                "indistinguishableFromBest",
                cell.indistinguishableFromBest(),
                "seeds",
                cell.cell().seeds());
    }

    private static Map<String, Object> contrast(FamilyContrast contrast) {
        return object(
                "optimizerFamily",
                contrast.optimizerFamily(),
                "backboneFamily",
                contrast.backboneFamily(),
                "contrast",
                number(contrast.points().value()),
                "interval",
                interval(contrast.points()),
                "pValue",
                exact(contrast.pValue()),
                "adjustedPValue",
                exact(contrast.adjustedPValue()),
                "cells",
                contrast.cells(),
                "expected",
                contrast.cellsExpected());
    }

    private Map<String, Object> advice() {
        Advice advice = coupling.advice();
        return object(
                "best",
                advice.best(),
                "minimax",
                advice.minimax()
                        .map(m -> object(
                                "optimizer",
                                m.optimizer(),
                                "regret",
                                number(m.regretPoints()),
                                "interval",
                                interval(m.regret()),
                                "meanRegret",
                                number(m.meanRegretPoints()),
                                "onBackbone",
                                m.onBackbone(),
                                "backbones",
                                m.backbones(),
                                "optimizersCompared",
                                m.optimizersCompared()))
                        .orElse(null),
                "pareto",
                advice.pareto().stream()
                        .map(p -> object(
                                "backbone",
                                p.backbone(),
                                "optimizer",
                                p.optimizer(),
                                "value",
                                number(100 * p.accuracy()),
                                "seconds",
                                number(p.deviceSeconds())))
                        .toList());
    }

    private static Map<String, Object> profiles(PerformanceProfiles profiles) {
        List<Map<String, Object>> each = new ArrayList<>();
        for (PerformanceProfiles.Profile profile : profiles.profiles()) {
            each.add(object(
                    "optimizer",
                    profile.optimizer(),
                    "algoPerf",
                    number(profile.score().value()),
                    "interval",
                    interval(profile.score()),
                    "backbones",
                    profile.ratios().size(),
                    "at",
                    DoubleStream.of(RATIOS)
                            .mapToObj(ratio -> object("ratio", ratio, "share", number(profile.at(ratio))))
                            .toList()));
        }
        return object("largestRatio", profiles.largestRatio(), "unreached", profiles.unreached(), "optimizers", each);
    }

    private static @Nullable List<Double> interval(Estimate estimate) {
        Double low = number(estimate.low());
        Double high = number(estimate.high());
        return low == null || high == null ? null : List.of(low, high);
    }

    /** Rounded to 9 decimals, so that 66.76 % read is 66.76 written; null for NaN and infinity. */
    private static @Nullable Double number(double value) {
        return Double.isFinite(value) ? (Double) (Math.rint(value * DIGITS) / DIGITS + 0.0) : null;
    }

    private static @Nullable Double exact(double value) {
        return Double.isFinite(value) ? (Double) value : null;
    }

    private static @Nullable String text(String text) {
        return text.isEmpty() ? null : text;
    }

    private static Map<String, Object> object(@Nullable Object... namesAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            object.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
        }
        return object;
    }
}
