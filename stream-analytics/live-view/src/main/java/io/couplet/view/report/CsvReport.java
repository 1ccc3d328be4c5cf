package io.couplet.view.report;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The cells as comma-separated values (RFC 4180). */
final class CsvReport {

    private static final List<String> HEADER = List.of(
            "backbone",
            "optimizer",
            "runs",
            "accuracy",
            "coupling",
            "verdict",
            "steps",
            "seconds",
            "status",
            "seeds",
            "accuracyStandardError",
            "couplingLower",
            "couplingUpper",
            "diverged",
            "indistinguishableFromBest",
            "reason");

    private CsvReport() {}

    static String of(StudyReport report) {
        StringBuilder out = new StringBuilder(String.join(",", HEADER)).append('\n');
        for (StudyReport.Cell cell : report.cells()) {
            out.append(row(
                    cell.backbone(),
                    cell.optimizer(),
                    cell.runs(),
                    cell.accuracy(),
                    cell.coupling(),
                    cell.verdict(),
                    cell.steps(),
                    cell.seconds(),
                    cell.status().label(),
                    cell.seeds(),
                    cell.accuracyStandardError(),
                    cell.couplingLower(),
                    cell.couplingUpper(),
                    cell.diverged(),
                    cell.indistinguishableFromBest(),
                    cell.reason()));
        }
        return out.toString();
    }

    private static String row(@Nullable Object... values) {
        return Stream.of(values).map(CsvReport::field).collect(Collectors.joining(",", "", "\n"));
    }

    private static String field(@Nullable Object value) {
        if (value == null || (value instanceof Double number && !Double.isFinite(number))) {
            return "";
        }
        String text = value.toString();
        // A spreadsheet would run what begins like a formula.
        String safe = value instanceof String && !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0
                ? "'" + text
                : text;
        return safe.matches("(?s).*[\",\r\n].*") ? '"' + safe.replace("\"", "\"\"") + '"' : safe;
    }
}
