package io.couplet.view.report;

import io.couplet.view.model.RunSummary;
import io.couplet.view.model.StudyCounts;
import io.couplet.view.model.StudyProvenance;
import io.couplet.view.model.StudySettings;
import io.couplet.view.model.StudySummary;
import java.util.List;
import java.util.function.Function;

/** The report for a pull request or a notebook. */
final class MarkdownReport {

    private MarkdownReport() {}

    static String of(StudyReport report) {
        StringBuilder out = new StringBuilder();
        StudySummary summary = report.study().summary();
        out.append("# Study ").append(escaped(summary.name())).append("\n\n");
        out.append("`%s`: %d of %d runs ended, %s of device time; %s.%n%n"
                .formatted(
                        escaped(summary.id()),
                        summary.ended(),
                        summary.runsExpected(),
                        Texts.duration(summary.deviceSeconds()),
                        report.rungInWords()));
        out.append("## Advice\n\n");
        report.advice()
                .sentences()
                .forEach(sentence -> out.append("- ").append(escaped(sentence)).append('\n'));
        grid(
                out,
                report,
                "Accuracy, %",
                cell -> (cell.indistinguishableFromBest() ? "**%s**" : "%s").formatted(Texts.percent(cell.accuracy())));
        out.append("\nBold: cannot be told apart from its backbone's best.\n");
        grid(out, report, "Coupling, percentage points", cell -> Texts.points(cell.coupling()));
        grid(out, report, "Device time, seconds", cell -> Texts.seconds(cell.seconds()));
        grid(out, report, "Verdict", cell -> cell.verdict() == null ? Texts.NONE : cell.verdict());
        Sections.of(report).tables().forEach(table -> table(out, table));
        runs(out, report);
        provenance(out, report);
        return out.toString();
    }

    private static void grid(
            StringBuilder out, StudyReport report, String title, Function<StudyReport.Cell, String> value) {
        List<String> backbones = report.backboneNames();
        out.append("\n## ").append(title).append("\n\n| |");
        backbones.forEach(backbone -> out.append(' ').append(escaped(backbone)).append(" |"));
        out.append("\n| --- |").append(" ---: |".repeat(backbones.size())).append('\n');
        for (String optimizer : report.optimizerNames()) {
            out.append("| ").append(escaped(optimizer)).append(" |");
            for (String backbone : backbones) {
                StudyReport.Cell cell = report.cellOf(backbone, optimizer);
                out.append(' ')
                        .append(cell == null ? Texts.NONE : value.apply(cell))
                        .append(" |");
            }
            out.append('\n');
        }
    }

    private static void table(StringBuilder out, Sections.Table table) {
        out.append("\n## ").append(escaped(table.title())).append("\n\n");
        out.append(escaped(table.note())).append("\n\n| ");
        out.append(String.join(" | ", table.columns())).append(" |\n| --- |");
        out.append(" ---: |".repeat(table.columns().size() - 1)).append('\n');
        for (List<String> row : table.rows()) {
            out.append("| ")
                    .append(String.join(
                            " | ", row.stream().map(MarkdownReport::escaped).toList()))
                    .append(" |\n");
        }
    }

    private static void runs(StringBuilder out, StudyReport report) {
        out.append(
                "\n## Runs\n\n| run | status | steps trained | in topic | accuracy, % | device seconds | reason |\n");
        out.append("| --- | --- | ---: | ---: | ---: | ---: | --- |\n");
        for (StudyReport.Run each : report.runs()) {
            RunSummary run = each.run();
            out.append("| `%s` | %s | %d | %d | %s | %s | %s |%n"
                    .formatted(
                            escaped(run.runId()),
                            run.status().label(),
                            run.stepsTrained(),
                            run.stepsInTopic(),
                            Texts.percent(run.accuracy()),
                            Texts.seconds(run.deviceSeconds()),
                            run.reason() == null ? "" : escaped(run.reason())));
        }
    }

    private static void provenance(StringBuilder out, StudyReport report) {
        StudyCounts counts = report.counts();
        out.append("\n## Provenance\n\n");
        StudySettings settings = report.provenance().settings();
        if (settings != null) {
            out.append("- Recipe %s, %d steps of %d images of %d pixels, seeds %s.%n"
                    .formatted(
                            escaped(settings.recipe()),
                            settings.budgetSteps(),
                            settings.batchSize(),
                            settings.imageSize(),
                            settings.seeds()));
        }
        for (StudyProvenance.Data data : report.provenance().data()) {
            out.append("- Data: %s, %d training and %d validation images, %d classes, %d skipped, SHA-256 `%s`.%n"
                    .formatted(
                            escaped(data.source()),
                            data.trainingImages(),
                            data.validationImages(),
                            data.classes(),
                            data.imagesSkipped(),
                            escaped(data.fingerprint())));
        }
        for (StudyProvenance.Environment each : report.provenance().environments()) {
            out.append("- %d attempts with Couplet %s%s, %s, Java %s, %s, on %s of %s.%n"
                    .formatted(
                            each.attempts(),
                            escaped(each.coupletVersion()),
                            each.gitRevision() == null ? "" : " (" + escaped(each.gitRevision()) + ")",
                            escaped(each.engine()),
                            escaped(each.javaVersion()),
                            escaped(each.operatingSystem()),
                            escaped(each.device()),
                            escaped(each.host())));
        }
        out.append("- Steps trained %d, in the topic %d, repeated %d, dead letters %d.%n"
                .formatted(counts.stepsTrained(), counts.stepsInTopic(), counts.duplicates(), counts.deadLetters()));
        out.append("- Made ").append(report.provenance().made()).append(".\n");
        out.append("\nTo repeat: `")
                .append(report.repeatCommand().replace("`", ""))
                .append("`\n");
    }

    /** What a record holds must not become markup: neither Markdown's nor HTML's. */
    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replaceAll("[\r\n]+", " ")
                .replaceAll("([\\\\`*|\\[\\]])", "\\\\$1");
    }
}
