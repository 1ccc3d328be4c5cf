package io.couplet.view.report;

import io.couplet.view.model.Decision;
import io.couplet.view.model.RunSummary;
import io.couplet.view.model.StudyCounts;
import io.couplet.view.model.StudyProvenance;
import io.couplet.view.model.StudySettings;
import io.couplet.view.model.StudySummary;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The report as one HTML file: no script, no link to anywhere, every value escaped. */
final class HtmlReport {

    private static final double LEAST_SPAN = 0.02;

    private final StudyReport report;
    private final StringBuilder out = new StringBuilder();

    private HtmlReport(StudyReport report) {
        this.report = report;
    }

    static String of(StudyReport report) {
        return new HtmlReport(report).render();
    }

    private String render() {
        StudySummary summary = report.study().summary();
        out.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
                .append(escaped(summary.name()))
                .append(" · Couplet report</title>\n<style>\n")
                .append(style())
                .append("</style>\n</head>\n<body>\n<main>\n");
        out.append("<header><p class=\"brand\">couplet report</p><h1>")
                .append(escaped(summary.name()))
                .append("</h1><p class=\"note\">")
                .append(escaped(summary.id() + " · " + report.rungInWords() + " · made "
                        + report.provenance().made()))
                .append("</p></header>\n");
        keyFigures();
        advice();
        accuracyGrid();
        couplingGrid();
        grid("Verdict and device time", "Of all runs of each pairing together.", this::plainCell);
        summaries();
        Sections.of(report).tables().forEach(this::table);
        decisions();
        runs();
        provenance();
        return out.append("</main>\n</body>\n</html>\n").toString();
    }

    private void keyFigures() {
        StudySummary summary = report.study().summary();
        StudyCounts counts = report.counts();
        StudyReport.Cell best = null;
        for (StudyReport.Cell cell : report.cells()) {
            if (cell.accuracy() != null && (best == null || value(cell.accuracy()) > value(best.accuracy()))) {
                best = cell;
            }
        }
        out.append("<section class=\"figures\">\n");
        figure(
                "Best accuracy",
                best == null ? Texts.NONE : Texts.percent(best.accuracy()) + " %",
                best == null ? "no scores yet" : best.backbone() + " × " + best.optimizer());
        figure(
                "Training time",
                Texts.duration(summary.deviceSeconds()),
                "of device time, " + summary.ended() + " of " + summary.runsExpected() + " runs ended");
        String minimax = report.advice().minimaxOptimizer();
        figure(
                "One optimizer for all",
                minimax == null ? Texts.NONE : minimax,
                minimax == null
                        ? "needs more cells"
                        : "gives away at most " + Texts.decimal(report.advice().minimaxRegret()) + " points");
        Double share = report.advice().interactionShare();
        figure(
                "Coupling",
                share == null ? Texts.NONE : Texts.wholePercent(share) + " %",
                share == null ? "needs more cells" : "of the variance in accuracy");
        figure(
                "Steps in Kafka",
                String.format(Locale.ROOT, "%d", counts.stepsInTopic()),
                counts.stepsTrained() == counts.stepsInTopic()
                        ? "equal to the steps trained"
                        : counts.stepsTrained() + " trained");
        out.append("</section>\n");
    }

    private void figure(String name, String value, String below) {
        out.append("<div><h3>")
                .append(escaped(name))
                .append("</h3><p class=\"big\">")
                .append(escaped(value))
                .append("</p><p class=\"note\">")
                .append(escaped(below))
                .append("</p></div>\n");
    }

    private void advice() {
        out.append("<section><h2>Advice</h2><ul class=\"advice\">\n");
        report.advice()
                .sentences()
                .forEach(
                        sentence -> out.append("<li>").append(escaped(sentence)).append("</li>\n"));
        out.append("</ul></section>\n");
    }

    private void accuracyGrid() {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (StudyReport.Cell cell : report.cells()) {
            if (cell.accuracy() != null) {
                low = Math.min(low, value(cell.accuracy()));
                high = Math.max(high, value(cell.accuracy()));
            }
        }
        double from = low;
        double span = Math.max(LEAST_SPAN, high - low);
        grid(
                "Accuracy, %",
                "Top-1 on the validation images, the mean over seeds of each pairing's best point. Underlined: cannot be told apart from its backbone's best.",
                cell -> {
                    if (cell.accuracy() == null) {
                        return missing(cell);
                    }
                    double at = (value(cell.accuracy()) - from) / span;
                    String error = cell.accuracyStandardError() == null
                            ? ""
                            : "<small>± " + Texts.percent(cell.accuracyStandardError()) + "</small>";
                    return coloured(
                            sequential(at),
                            (cell.indistinguishableFromBest() ? "<u>%s</u>" : "%s")
                                            .formatted(Texts.percent(cell.accuracy()))
                                    + error
                                    + (cell.diverged() ? "<small>diverged</small>" : ""));
                });
    }

    private void couplingGrid() {
        double most = 1;
        for (StudyReport.Cell cell : report.cells()) {
            most = cell.coupling() == null ? most : Math.max(most, Math.abs(value(cell.coupling())));
        }
        double scale = most;
        grid(
                "Coupling, percentage points",
                "What a pairing reaches above (blue) or below (orange) what its backbone and its optimizer alone would give; beneath it the 95 % interval.",
                cell -> {
                    if (cell.coupling() == null) {
                        return missing(cell);
                    }
                    String interval = cell.couplingLower() == null || cell.couplingUpper() == null
                            ? ""
                            : "<small>" + Texts.points(cell.couplingLower()) + " to "
                                    + Texts.points(cell.couplingUpper()) + "</small>";
                    return coloured(
                            diverging(value(cell.coupling()) / scale), Texts.points(cell.coupling()) + interval);
                });
    }

    private String plainCell(StudyReport.Cell cell) {
        String verdict = cell.verdict() == null ? cell.status().label() : cell.verdict();
        return "<td>" + escaped(verdict) + "<small>" + Texts.duration(cell.seconds()) + ", " + cell.steps()
                + " steps</small></td>";
    }

    private static String missing(StudyReport.Cell cell) {
        String reason = cell.reason() == null ? "" : cell.reason();
        return "<td class=\"none\" title=\"" + escaped(reason) + "\">–</td>";
    }

    private static String coloured(String style, String inner) {
        return "<td style=\"" + style + "\">" + inner + "</td>";
    }

    private void grid(String title, String note, Function<StudyReport.Cell, String> cellOf) {
        out.append("<section><h2>")
                .append(escaped(title))
                .append("</h2><p class=\"note\">")
                .append(escaped(note))
                .append("</p><div class=\"scroll\"><table class=\"grid\"><thead><tr><td></td>");
        report.backboneNames()
                .forEach(backbone -> out.append("<th scope=\"col\">")
                        .append(escaped(backbone))
                        .append("</th>"));
        out.append("</tr></thead><tbody>\n");
        for (String optimizer : report.optimizerNames()) {
            out.append("<tr><th scope=\"row\">").append(escaped(optimizer)).append("</th>");
            for (String backbone : report.backboneNames()) {
                StudyReport.Cell cell = report.cellOf(backbone, optimizer);
                out.append(cell == null ? "<td class=\"none\">–</td>" : cellOf.apply(cell));
            }
            out.append("</tr>\n");
        }
        out.append("</tbody></table></div></section>\n");
    }

    private void summaries() {
        if (report.backbones().isEmpty()) {
            return;
        }
        out.append("<section class=\"two\"><div><h2>Backbones</h2>");
        head("backbone", "effect", "mean |coupling|", "mean, %", "std", "range", "best");
        report.backbones()
                .forEach(each -> row(
                        each.name(),
                        Texts.points(each.effect()),
                        Texts.decimal(each.coupling()),
                        Texts.decimal(each.mean()),
                        Texts.decimal(each.std()),
                        Texts.decimal(each.range()),
                        String.join(", ", each.best())));
        out.append("</tbody></table></div><div><h2>Optimizers</h2>");
        head(
                "optimizer",
                "effect",
                "mean |coupling|",
                "worst regret",
                "overall rank",
                "grid steps from its usual point");
        report.optimizers()
                .forEach(each -> row(
                        each.name(),
                        Texts.points(each.effect()),
                        Texts.decimal(each.coupling()),
                        Texts.decimal(each.worstRegret()),
                        Texts.decimal(each.overallRank()),
                        Texts.decimal(each.robustnessSteps())));
        out.append("</tbody></table></div></section>\n");
    }

    private void table(Sections.Table table) {
        out.append("<section><h2>")
                .append(escaped(table.title()))
                .append("</h2><p class=\"note\">")
                .append(escaped(table.note()))
                .append("</p><div class=\"scroll\">");
        head(table.columns().toArray(String[]::new));
        table.rows().forEach(row -> row(row.toArray(String[]::new)));
        out.append("</tbody></table></div></section>\n");
    }

    private void decisions() {
        if (report.decisions().isEmpty()) {
            return;
        }
        out.append("<section><h2>Stop decisions</h2>");
        head("pairing", "seed", "rule", "step", "reason", "obeyed");
        for (Decision decision : report.decisions()) {
            row(
                    decision.backbone() + " × " + decision.optimizer(),
                    String.valueOf(decision.seed()),
                    decision.rule(),
                    decision.step() == null ? Texts.NONE : String.valueOf(decision.step()),
                    decision.reason(),
                    decision.shadow() ? "shadow" : decision.acknowledged() ? "yes" : "not yet");
        }
        out.append("</tbody></table></section>\n");
    }

    private void runs() {
        out.append("<section><h2>Runs</h2><div class=\"scroll\">");
        head(
                "backbone",
                "optimizer",
                "seed",
                "status",
                "verdict",
                "steps trained",
                "in topic",
                "accuracy, %",
                "device time",
                "reason");
        for (StudyReport.Run each : report.runs()) {
            RunSummary run = each.run();
            row(
                    each.backbone(),
                    each.optimizer(),
                    String.valueOf(run.seed()),
                    run.status().label(),
                    run.verdict() == null ? Texts.NONE : run.verdict(),
                    String.valueOf(run.stepsTrained()),
                    String.valueOf(run.stepsInTopic()),
                    Texts.percent(run.accuracy()),
                    Texts.duration(run.deviceSeconds()),
                    run.reason() == null ? "" : run.reason());
        }
        out.append("</tbody></table></div></section>\n");
    }

    private void provenance() {
        out.append("<section><h2>Provenance</h2><dl>");
        StudySettings settings = report.provenance().settings();
        if (settings != null) {
            entry(
                    "Study",
                    "recipe %s, backbones of size %s, %d steps of %d images of %d pixels, %d of them warm-up, seeds %s"
                            .formatted(
                                    settings.recipe(),
                                    settings.backboneSize(),
                                    settings.budgetSteps(),
                                    settings.batchSize(),
                                    settings.imageSize(),
                                    settings.warmupSteps(),
                                    settings.seeds()));
        }
        for (StudyProvenance.Data data : report.provenance().data()) {
            entry(
                    "Data",
                    "%s: %d training and %d validation images, %d classes, %d skipped; SHA-256 %s"
                            .formatted(
                                    data.source(),
                                    data.trainingImages(),
                                    data.validationImages(),
                                    data.classes(),
                                    data.imagesSkipped(),
                                    data.fingerprint()));
        }
        for (StudyProvenance.Environment each : report.provenance().environments()) {
            entry(
                    "Environment",
                    "Couplet %s%s, %s, Java %s, %s, on %s of %s; %d attempts"
                            .formatted(
                                    each.coupletVersion(),
                                    each.gitRevision() == null ? "" : " (" + each.gitRevision() + ")",
                                    each.engine(),
                                    each.javaVersion(),
                                    each.operatingSystem(),
                                    each.device(),
                                    each.host(),
                                    each.attempts()));
        }
        StudyCounts counts = report.counts();
        entry(
                "Counts",
                "%d steps trained, %d in the topic, %d repeated, %d attempts without an ending, %d dead letters, %d unreadable"
                        .formatted(
                                counts.stepsTrained(),
                                counts.stepsInTopic(),
                                counts.duplicates(),
                                counts.attemptsWithoutEnding(),
                                counts.deadLetters(),
                                counts.unreadable()));
        out.append("<dt>To repeat</dt><dd><code>")
                .append(escaped(report.repeatCommand()))
                .append("</code></dd></dl></section>\n");
    }

    private void entry(String name, String value) {
        out.append("<dt>")
                .append(escaped(name))
                .append("</dt><dd>")
                .append(escaped(value))
                .append("</dd>");
    }

    private void head(String... names) {
        out.append("<table class=\"list\"><thead><tr>");
        for (String name : names) {
            out.append("<th scope=\"col\">").append(escaped(name)).append("</th>");
        }
        out.append("</tr></thead><tbody>\n");
    }

    private void row(String... values) {
        out.append("<tr>");
        for (String value : values) {
            out.append("<td>").append(escaped(value)).append("</td>");
        }
        out.append("</tr>\n");
    }

    /** Low to high: pale sea to deep indigo, evenly in lightness (OKLCH). */
    private static String sequential(double at) {
        return oklch(0.95 - 0.53 * at, 0.03 + 0.09 * at, 175 + 90 * at);
    }

    /** Worse is orange, better is blue, in between is grey. */
    private static String diverging(double at) {
        double size = Math.min(1, Math.abs(at));
        return oklch(0.96 - 0.42 * size, 0.008 + 0.13 * size, at < 0 ? 55 : 245);
    }

    private static String oklch(double lightness, double chroma, double hue) {
        return String.format(
                Locale.ROOT,
                "background:oklch(%.3f %.3f %.1f);color:%s",
                lightness,
                chroma,
                hue,
                lightness > 0.62 ? "#0d1519" : "#fff");
    }

    private static double value(@Nullable Double value) {
        return value == null ? Double.NaN : value;
    }

    /** Text as HTML shows it: nothing in a record can become markup or leave an attribute. */
    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    private static String style() {
        try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
            return new String(Objects.requireNonNull(in, "report.css").readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("report.css", e);
        }
    }
}
