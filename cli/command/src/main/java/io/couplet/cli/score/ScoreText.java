package io.couplet.cli.score;

import io.couplet.scores.coupling.Advice;
import io.couplet.scores.coupling.Coupling;
import io.couplet.scores.coupling.CouplingSettings;
import io.couplet.scores.coupling.Estimate;
import io.couplet.scores.coupling.FamilyContrast;
import io.couplet.scores.coupling.InteractionTest;
import io.couplet.scores.coupling.PaperStatistics;
import io.couplet.scores.coupling.PerformanceProfiles;
import io.couplet.scores.coupling.Uncertainty;
import io.couplet.scores.coupling.VarianceShares;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A report as tables for people. */
final class ScoreText {

    private static final int MOST_LINES = 25;
    private static final int STRONGEST = 10;

    private final ResultTable results;
    private final CouplingSettings settings;
    private final Coupling coupling;
    private final Optional<PerformanceProfiles> profiles;
    private final int width;
    private final StringBuilder out = new StringBuilder();

    ScoreText(
            ResultTable results,
            CouplingSettings settings,
            Coupling coupling,
            Optional<PerformanceProfiles> profiles,
            int width) {
        this.results = results;
        this.settings = settings;
        this.coupling = coupling;
        this.profiles = profiles;
        this.width = width;
    }

    String report() {
        long diverged = coupling.cells().stream()
                .filter(c -> c.cell().divergedSeeds() > 0)
                .count();
        line(
                "%s: %d backbones, %d optimizers, %d of %d cells, %s a cell%s; accuracies in percent.",
                results.file(),
                results.backbones().size(),
                results.optimizers().size(),
                coupling.cellsReporting(),
                coupling.cellsExpected(),
                coupling.seeds() == 1 ? "1 seed" : "up to " + coupling.seeds() + " seeds",
                diverged == 0 ? "" : ", " + diverged + " diverged and count as chance level");
        if (coupling.isKnown()) {
            shares();
        } else {
            line("Too few: %s.", coupling.tooFew());
        }
        backbones();
        optimizers();
        cells();
        contrasts();
        advice();
        return out.toString();
    }

    private void shares() {
        VarianceShares shares = coupling.shares();
        line("");
        line("Shares of variance");
        line("  backbone     %s", share(shares.backbone()));
        line("  optimizer    %s", share(shares.optimizer()));
        line(
                "  interaction  %s%s",
                share(shares.interaction()),
                Double.isNaN(shares.noise()) ? "" : String.format(Locale.ROOT, "  noise alone %.3f", shares.noise()));
        line(
                "  %s",
                switch (shares.intervals()) {
                    case NONE -> "No intervals: give --samples, or several rows (seeds) of each optimizer.";
                    case WITHOUT_NOISE -> "95 % intervals of the shares without the cells' errors.";
                    case OTHER_GRID ->
                        "95 % intervals for other backbones and optimizers like these; errors of cells are unknown.";
                });
        InteractionTest test = coupling.interaction();
        switch (test.kind()) {
            case NONE -> line("No test of interaction: %s.", test.tooFew());
            case SEEDS ->
                line(
                        "Interaction against the differences between seeds: F(%d, %d) = %s, p = %s.",
                        test.numeratorFreedom(),
                        test.denominatorFreedom(),
                        number(test.statistic(), 2),
                        probability(test.pValue()));
            case TUKEY ->
                line(
                        "Tukey's test, of products of effects only: F(1, %d) = %s, p = %s.",
                        test.denominatorFreedom(), number(test.statistic(), 2), probability(test.pValue()));
        }
    }

    private void backbones() {
        TextTable table = new TextTable(
                "backbone",
                "coupling",
                "effect",
                "mean",
                "std",
                "range",
                "printed mean",
                "std",
                "range",
                "failures",
                "best");
        coupling.backbones().stream()
                .sorted(Comparator.comparingDouble((Coupling.BackboneCoupling b) -> -known(b.couplingPoints())))
                .limit(MOST_LINES)
                .forEach(b -> {
                    PaperStatistics s = b.statistics();
                    table.row(
                            b.name(),
                            number(b.couplingPoints(), 2),
                            signed(b.effectPoints()),
                            number(s.mean(), 2),
                            number(s.std(), 2),
                            number(s.range(), 2),
                            number(s.printedMean(), 2),
                            number(s.printedStd(), 1),
                            number(s.printedRange(), 0),
                            String.valueOf(b.failures()),
                            best(b.best()));
                });
        table(
                "Backbones, most coupled first (mean: without the worst; printed: without the worst and the best two)",
                table);
        left(coupling.backbones().size(), "backbones");
    }

    private static String best(List<String> best) {
        return best.size() <= 3 ? String.join(" ", best) : best.get(0) + " and " + (best.size() - 1) + " like it";
    }

    private void optimizers() {
        TextTable table = new TextTable(
                "optimizer",
                "overall",
                "performance",
                "robustness",
                "coupling",
                "cost",
                "residual",
                "effect",
                "failures",
                "worst regret",
                profiles.isPresent() ? "AlgoPerf" : "");
        coupling.optimizers().stream()
                .sorted(Comparator.comparingDouble((Coupling.OptimizerCoupling o) ->
                        Double.isNaN(o.overallRank()) ? Double.POSITIVE_INFINITY : o.overallRank()))
                .limit(MOST_LINES)
                .forEach(o -> table.row(
                        o.name(),
                        rank(o.overallRank()),
                        rank(o.accuracyRank()),
                        rank(o.robustnessRank()),
                        rank(o.couplingRank()),
                        rank(o.costRank()),
                        number(o.couplingPoints(), 2),
                        signed(o.effectPoints()),
                        String.valueOf(o.failures()),
                        number(o.worstRegretPoints(), 2),
                        profiles.map(p -> number(p.profile(o.name()).score().value(), 3))
                                .orElse("")));
        table(
                "Optimizers, best overall rank first (ranks; then mean absolute residual, effect, regret in points)",
                table);
        left(coupling.optimizers().size(), "optimizers");
    }

    private void cells() {
        List<Coupling.CellCoupling> strongest = coupling.cells().stream()
                .filter(c -> c.residualPoints().isKnown())
                .sorted(Comparator.comparingDouble((Coupling.CellCoupling c) ->
                        -Math.abs(c.residualPoints().value())))
                .limit(STRONGEST)
                .toList();
        if (strongest.isEmpty()) {
            return;
        }
        TextTable table = new TextTable("backbone", "optimizer", "value", "residual", "95 % interval", "");
        strongest.forEach(c -> table.row(
                c.backbone(),
                c.optimizer(),
                number(100 * c.cell().accuracy(), 2),
                signed(c.residualPoints().value()),
                interval(c.residualPoints()),
                c.cell().divergedSeeds() > 0 ? "diverged" : c.failed() ? "failed" : ""));
        table("Strongest couplings", table);
        if (coupling.uncertainty().basis() == Uncertainty.Basis.NONE) {
            line("No intervals of residuals: give --samples, or several rows (seeds) of each optimizer.");
        }
        int more = coupling.cells().size() - strongest.size();
        if (more > 0) {
            line("%d more cells: --json.", more);
        }
    }

    private void contrasts() {
        if (coupling.contrasts().isEmpty()) {
            return;
        }
        TextTable table =
                new TextTable("optimizers", "on backbones", "points", "95 % interval", "p", "p adjusted", "cells");
        coupling.contrasts().stream()
                .sorted(Comparator.comparingDouble(
                        (FamilyContrast c) -> -known(Math.abs(c.points().value()))))
                .limit(MOST_LINES)
                .forEach(c -> table.row(
                        c.optimizerFamily(),
                        c.backboneFamily(),
                        signed(c.points().value()),
                        interval(c.points()),
                        probability(c.pValue()),
                        probability(c.adjustedPValue()),
                        c.cells() + " of " + c.cellsExpected()));
        table("Families, beyond what either does on its own", table);
        left(coupling.contrasts().size(), "contrasts");
        line(
                "Families are known of %d of %d backbones and %d of %d optimizers (--families).",
                settings.families().backbones().size(),
                results.backbones().size(),
                settings.families().optimizers().size(),
                results.optimizers().size());
    }

    private void advice() {
        Advice advice = coupling.advice();
        line("");
        line(
                "%s",
                advice.minimax()
                        .map(m -> String.format(
                                Locale.ROOT,
                                "One optimizer for %d backbones: %s, which gives away %s points at most (on %s), %s on average.",
                                m.backbones(),
                                m.optimizer(),
                                number(m.regretPoints(), 2),
                                m.onBackbone(),
                                number(m.meanRegretPoints(), 2)))
                        .orElse("No optimizer has results on all backbones: none can be named for all of them."));
        if (!settings.chosenBackbones().isEmpty()) {
            line("(for %s)", String.join(", ", settings.chosenBackbones()));
        }
        if (!advice.pareto().isEmpty()) {
            TextTable table = new TextTable("backbone", "optimizer", "seconds", "value");
            advice.pareto()
                    .forEach(p -> table.row(
                            p.backbone(), p.optimizer(), number(p.deviceSeconds(), 1), number(100 * p.accuracy(), 2)));
            table("No other pairing is both more accurate and cheaper", table);
        }
    }

    private void table(String title, TextTable table) {
        line("");
        line("%s", title);
        table.lines(width).forEach(text -> line("%s", text));
    }

    private void left(int all, String what) {
        if (all > MOST_LINES) {
            line("%d more %s: --json.", all - MOST_LINES, what);
        }
    }

    private void line(String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
    }

    private static double known(double value) {
        return Double.isNaN(value) ? Double.NEGATIVE_INFINITY : value;
    }

    private static String share(Estimate share) {
        return number(share.value(), 3) + "  " + interval(share, 3);
    }

    private static String interval(Estimate estimate) {
        return interval(estimate, 2);
    }

    private static String interval(Estimate estimate, int decimals) {
        return estimate.hasInterval()
                ? number(estimate.low(), decimals) + " to " + number(estimate.high(), decimals)
                : "";
    }

    private static String number(double value, int decimals) {
        if (Double.isInfinite(value)) {
            return "infinite";
        }
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    private static String signed(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%+.2f", value);
    }

    private static String rank(double rank) {
        return rank == Math.rint(rank) ? number(rank, 0) : number(rank, 1);
    }

    private static String probability(double p) {
        return p < 1e-4 ? "<0.0001" : number(p, 4);
    }

    /** Columns as wide as their widest text, names to the left, numbers to the right; columns without any text are left out. */
    private static final class TextTable {

        private final List<List<String>> rows = new ArrayList<>();

        TextTable(String... header) {
            row(header);
        }

        void row(String... texts) {
            rows.add(List.of(texts));
        }

        List<String> lines(int most) {
            int columns = rows.get(0).size();
            List<String> lines = new ArrayList<>();
            for (List<String> row : rows) {
                StringBuilder line = new StringBuilder(" ");
                for (int column = 0; column < columns; column++) {
                    int at = column;
                    boolean empty = rows.stream()
                            .skip(1)
                            .allMatch(r -> r.get(at).isEmpty() || r.get(at).equals("-"));
                    if (!empty) {
                        int widest = rows.stream()
                                .mapToInt(r -> r.get(at).length())
                                .max()
                                .orElse(0);
                        boolean names =
                                rows.stream().skip(1).anyMatch(r -> r.get(at).matches(".*[A-Za-z]{2}.*"));
                        line.append(String.format(
                                Locale.ROOT, " %" + (names ? "-" : "") + Math.max(1, widest) + "s", row.get(at)));
                        line.append(' ');
                    }
                }
                String text = line.toString().stripTrailing();
                lines.add(text.length() > most ? text.substring(0, Math.max(1, most - 1)) + "…" : text);
            }
            return lines;
        }
    }
}
