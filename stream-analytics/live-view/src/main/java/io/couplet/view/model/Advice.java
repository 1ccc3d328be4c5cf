package io.couplet.view.model;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a study's scores advise, in sentences that carry their uncertainty. It only words what the scores say. */
public final class Advice {

    private static final int PAIRINGS_NAMED = 3;
    private static final double SURE = 0.05;

    private Advice() {}

    /** What a sentence is about. */
    public enum Kind {
        COVERAGE,
        SHARES,
        ONE_FOR_ALL,
        BACKBONE,
        COUPLING,
        PAIRING,
        COST;

        @JsonValue
        String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** One sentence. */
    public record Sentence(Kind kind, String text) {}

    /** The sentences for a study's report rung; one that says why, when there is nothing to advise yet. */
    public static List<Sentence> of(StudySnapshot study) {
        return of(study, study.reportRung());
    }

    /** The sentences for one rung; needs a whole snapshot. */
    public static List<Sentence> of(StudySnapshot study, int rung) {
        List<Sentence> sentences = new ArrayList<>();
        RungScore score = study.scoreAt(rung);
        if (score == null) {
            sentences.add(new Sentence(Kind.COVERAGE, "No advice yet: no scores have been computed for this study."));
            return sentences;
        }
        sentences.add(new Sentence(Kind.COVERAGE, coverage(study, score)));
        if (score.tooFew() != null) {
            sentences.add(new Sentence(
                    Kind.COVERAGE,
                    "No advice yet: " + score.tooFew() + (score.tooFew().endsWith(".") ? "" : ".")));
            return sentences;
        }
        oneForAll(study, score, sentences);
        for (RungScore.Backbone backbone : score.backbones()) {
            forBackbone(study, score, backbone, sentences);
        }
        shares(study, score, sentences);
        extremes(score, sentences);
        pairings(study, rung, sentences);
        cost(score, sentences);
        return List.copyOf(sentences);
    }

    private static String coverage(StudySnapshot study, RungScore score) {
        int rungs = study.settings() == null ? 0 : study.settings().rungs().size();
        String where = score.fraction() >= 1 ? "the whole budget" : percent(score.fraction(), 0) + " of the budget";
        return "At rung %d%s (%s), %d of %d cells report%s."
                .formatted(
                        score.rung(),
                        rungs == 0 ? "" : " of " + rungs,
                        where,
                        score.cellsReporting(),
                        score.cellsExpected(),
                        seeds(study, score.rung()));
    }

    private static String seeds(StudySnapshot study, int rung) {
        int least = Integer.MAX_VALUE;
        int most = 0;
        for (CellSnapshot cell : study.cells()) {
            RungValue value = cell.at(rung);
            if (value != null && value.scored()) {
                least = Math.min(least, value.seeds());
                most = Math.max(most, value.seeds());
            }
        }
        if (most == 0) {
            return "";
        }
        String many = least == most ? String.valueOf(most) : least + " to " + most;
        return most == 1
                ? ", each from one seed: small differences are noise"
                : ", each the mean of " + many + " seeds";
    }

    private static void oneForAll(StudySnapshot study, RungScore score, List<Sentence> sentences) {
        if (score.minimaxOptimizer() == null
                || score.minimaxRegret() == null
                || study.optimizers().size() < 2) {
            return;
        }
        sentences.add(new Sentence(
                Kind.ONE_FOR_ALL,
                "One optimizer for all %d backbones: %s. At worst it gives away %s points against the best one."
                        .formatted(
                                study.backbones().size(),
                                score.minimaxOptimizer(),
                                points(score.minimaxRegret(), false))));
    }

    private static void forBackbone(
            StudySnapshot study, RungScore score, RungScore.Backbone backbone, List<Sentence> sentences) {
        if (backbone.best().isEmpty()) {
            return;
        }
        String first = backbone.best().get(0);
        CellSnapshot cell = study.cell(backbone.name(), first);
        RungValue value = cell == null ? null : cell.at(score.rung());
        String accuracy = value == null || value.accuracy() == null ? "" : " (" + accuracy(value) + ")";
        List<String> others = backbone.best().subList(1, backbone.best().size());
        String rest = others.isEmpty()
                ? ", ahead of all others" + (value != null && value.seeds() == 1 ? " on its one seed." : ".")
                : "; " + listed(others) + " cannot be told apart from it.";
        sentences.add(new Sentence(Kind.BACKBONE, backbone.name() + ": " + first + accuracy + rest));
    }

    private static String accuracy(RungValue value) {
        Double standardError = value.accuracyStandardError();
        double accuracy = value.accuracy() == null ? Double.NaN : value.accuracy();
        return standardError == null
                ? percent(accuracy, 1)
                : String.format(Locale.ROOT, "%.1f ± %.1f %%", 100 * accuracy, 100 * standardError);
    }

    private static void shares(StudySnapshot study, RungScore score, List<Sentence> sentences) {
        if (score.backboneShare() == null || score.optimizerShare() == null || score.interactionShare() == null) {
            return;
        }
        boolean oneSeed = study.settings() != null && study.settings().seeds().size() == 1;
        sentences.add(new Sentence(
                Kind.SHARES,
                "Of the differences in accuracy, %s lie with the backbone, %s with the optimizer, and %s with how the two couple%s."
                        .formatted(
                                share(score.backboneShare(), score.backboneShareInterval()),
                                share(score.optimizerShare(), score.optimizerShareInterval()),
                                share(score.interactionShare(), score.interactionShareInterval()),
                                (score.interactionShareInterval() == null
                                                ? ""
                                                : "; in brackets 95 % intervals without the cells' own errors")
                                        + (oneSeed ? " (with one seed, noise is in that share)" : ""))));
        // Tukey's test, the other one, only sees coupling that is a product of the two effects: its silence says
        // nothing.
        if (score.interactionPValue() != null && "seeds".equals(score.interactionTest())) {
            double p = value(score.interactionPValue());
            String chance = p < 0.001 ? "p < 0.001" : String.format(Locale.ROOT, "p = %.3f", p);
            sentences.add(new Sentence(
                    Kind.SHARES,
                    p < SURE
                            ? "That is more coupling than chance would give (" + chance + ")."
                            : "Chance alone could give as much coupling (" + chance + ")."));
        }
    }

    private static String share(double share, RungScore.@Nullable Interval interval) {
        return interval == null
                ? percent(share, 0)
                : String.format(
                        Locale.ROOT,
                        "%.0f %% (%.0f to %.0f)",
                        100 * share,
                        100 * interval.lower(),
                        100 * interval.upper());
    }

    private static void extremes(RungScore score, List<Sentence> sentences) {
        RungScore.Backbone backbone = score.backbones().stream()
                .filter(each -> each.coupling() != null)
                .max(Comparator.comparingDouble(each -> value(each.coupling())))
                .orElse(null);
        RungScore.Optimizer optimizer = score.optimizers().stream()
                .filter(each -> each.coupling() != null)
                .min(Comparator.comparingDouble(each -> value(each.coupling())))
                .orElse(null);
        if (backbone != null
                && optimizer != null
                && score.backbones().size() > 1
                && score.optimizers().size() > 1) {
            sentences.add(new Sentence(
                    Kind.COUPLING,
                    "The most coupled backbone is %s (mean absolute residual %s points); the most general optimizer is %s (%s points)."
                            .formatted(
                                    backbone.name(),
                                    points(value(backbone.coupling()), false),
                                    optimizer.name(),
                                    points(value(optimizer.coupling()), false))));
        }
    }

    /** The pairings that stand out most, and of those only the ones whose interval leaves zero out. */
    private static void pairings(StudySnapshot study, int rung, List<Sentence> sentences) {
        study.cells().stream()
                .filter(cell -> standsOut(cell.at(rung)))
                .sorted(Comparator.comparingDouble(cell -> -Math.abs(coupling(cell, rung))))
                .limit(PAIRINGS_NAMED)
                .forEach(cell -> sentences.add(pairing(cell, rung)));
    }

    private static boolean standsOut(@Nullable RungValue value) {
        return value != null
                && value.coupling() != null
                && value.couplingLower() != null
                && value.couplingUpper() != null
                && (value.couplingLower() > 0 || value.couplingUpper() < 0);
    }

    private static double coupling(CellSnapshot cell, int rung) {
        RungValue value = cell.at(rung);
        return value == null ? 0 : value(value.coupling());
    }

    private static Sentence pairing(CellSnapshot cell, int rung) {
        RungValue value = cell.at(rung);
        double coupling = coupling(cell, rung);
        return new Sentence(
                Kind.PAIRING,
                "%s with %s does %s points %s than the two alone would lead one to expect (95 %% interval %s to %s)%s."
                        .formatted(
                                cell.backbone(),
                                cell.optimizer(),
                                points(Math.abs(coupling), false),
                                coupling > 0 ? "better" : "worse",
                                points(value == null ? 0 : value(value.couplingLower()), true),
                                points(value == null ? 0 : value(value.couplingUpper()), true),
                                value != null && value.diverged() ? "; it diverged" : ""));
    }

    private static void cost(RungScore score, List<Sentence> sentences) {
        if (score.pareto().isEmpty()) {
            return;
        }
        RungScore.Pareto cheapest = score.pareto().get(0);
        RungScore.Pareto best = score.pareto().get(score.pareto().size() - 1);
        String first = "%s with %s, %s in %s s of device time"
                .formatted(
                        cheapest.backbone(),
                        cheapest.optimizer(),
                        percent(cheapest.accuracy(), 1),
                        seconds(cheapest.deviceSeconds()));
        sentences.add(new Sentence(
                Kind.COST,
                cheapest.equals(best)
                        ? "Cheapest and best at once: " + first + "."
                        : "Least device time: %s. Highest accuracy: %s with %s, %s in %s s."
                                .formatted(
                                        first,
                                        best.backbone(),
                                        best.optimizer(),
                                        percent(best.accuracy(), 1),
                                        seconds(best.deviceSeconds()))));
    }

    private static double value(@Nullable Double value) {
        return value == null ? Double.NaN : value;
    }

    private static String listed(List<String> names) {
        return names.size() == 1
                ? names.get(0)
                : String.join(", ", names.subList(0, names.size() - 1)) + " and " + names.get(names.size() - 1);
    }

    private static String percent(double fraction, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f %%", 100 * fraction);
    }

    private static String points(double points, boolean signed) {
        return String.format(Locale.ROOT, signed ? "%+.1f" : "%.1f", points).replace('-', '−');
    }

    private static String seconds(double seconds) {
        return String.format(Locale.ROOT, seconds < 100 ? "%.1f" : "%.0f", seconds);
    }
}
