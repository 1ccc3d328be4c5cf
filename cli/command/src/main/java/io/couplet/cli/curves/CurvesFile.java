package io.couplet.cli.curves;

import io.couplet.cli.local.UserError;
import io.couplet.cli.score.CsvFile;
import io.couplet.cli.score.NumberCell;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Recorded curves in long form: columns run, backbone, optimizer, step, perhaps seed and budget, and any number of metrics.
 *
 * @param name the file's name, for messages
 * @param metrics names of the metric columns
 * @param runs the runs in the order in which they first appear
 */
public record CurvesFile(String name, List<String> metrics, List<Run> runs) {

    private static final List<String> REQUIRED = List.of("run", "backbone", "optimizer", "step");
    private static final String SEED = "seed";
    private static final String BUDGET = "budget";

    /**
     * One run.
     *
     * @param run its name
     * @param backbone its backbone
     * @param optimizer its optimizer
     * @param seed its seed as written; empty when the file has none
     * @param budget the steps it may take; NaN when the file does not say
     * @param rows its values, ascending in step
     */
    public record Run(String run, String backbone, String optimizer, String seed, double budget, List<Row> rows) {
        public Run {
            rows = List.copyOf(rows);
        }

        /** The step of its last row. */
        public double lastStep() {
            return rows.get(rows.size() - 1).step();
        }
    }

    /**
     * One line.
     *
     * @param line its number from 1
     * @param step the steps trained
     * @param values one for each metric column, NaN where the field is empty or says nan
     */
    public record Row(int line, double step, List<Double> values) {}

    /** Reads a file; throws {@link UserError} in one sentence with line, column and the fix. */
    public static CurvesFile read(Path path) {
        CsvFile csv = CsvFile.read(path);
        return new Reading(csv).file();
    }

    /** The place of a metric among {@link Row#values}; throws {@link UserError} when the file has no such column. */
    public int metric(String column) {
        int index = metrics.indexOf(column);
        if (index < 0) {
            throw new UserError("--metric: " + name + " has no metric column '" + column + "': choose among "
                    + String.join(", ", metrics) + ".");
        }
        return index;
    }

    private static final class Reading {

        private final CsvFile csv;
        private final List<String> header;
        private final Map<String, Run> firsts = new LinkedHashMap<>();
        private final Map<String, List<Row>> rows = new LinkedHashMap<>();
        private final List<Integer> metricColumns = new ArrayList<>();

        Reading(CsvFile csv) {
            this.csv = csv;
            this.header = csv.header().fields();
            for (String column : REQUIRED) {
                if (!header.contains(column)) {
                    throw new UserError(
                            csv.name() + ", line " + csv.header().line() + ": there is no column '" + column
                                    + "': the first line must name run, backbone, optimizer, step, perhaps seed and budget, and the metrics.");
                }
            }
            for (int column = 0; column < header.size(); column++) {
                String heading = header.get(column);
                if (!REQUIRED.contains(heading) && !heading.equals(SEED) && !heading.equals(BUDGET)) {
                    metricColumns.add(column);
                }
            }
            if (metricColumns.isEmpty()) {
                throw new UserError(csv.name() + ", line " + csv.header().line()
                        + ": there is no metric column: add one, for example accuracy.");
            }
        }

        CurvesFile file() {
            csv.body().forEach(this::read);
            if (rows.isEmpty()) {
                throw new UserError(csv.name() + " has no rows below its first line: add one for each evaluation.");
            }
            List<Run> runs = new ArrayList<>();
            firsts.forEach((name, first) -> runs.add(new Run(
                    name,
                    first.backbone(),
                    first.optimizer(),
                    first.seed(),
                    first.budget(),
                    rows.getOrDefault(name, List.of()))));
            return new CurvesFile(
                    csv.name(), metricColumns.stream().map(header::get).toList(), List.copyOf(runs));
        }

        private void read(CsvFile.Row row) {
            String name = required(row, "run");
            double step = step(row);
            Run said = new Run(
                    name,
                    required(row, "backbone"),
                    required(row, "optimizer"),
                    header.contains(SEED) ? text(row, SEED) : "",
                    budget(row),
                    List.of());
            Run first = firsts.putIfAbsent(name, said);
            if (first != null) {
                same(row, "backbone", first.backbone(), said.backbone());
                same(row, "optimizer", first.optimizer(), said.optimizer());
                same(row, SEED, first.seed(), said.seed());
                same(row, BUDGET, plain(first.budget()), plain(said.budget()));
            }
            List<Row> before = rows.computeIfAbsent(name, each -> new ArrayList<>());
            if (!before.isEmpty() && before.get(before.size() - 1).step() >= step) {
                throw problem(
                        row,
                        "step",
                        "step " + plain(step) + " of run " + name + " comes after its step "
                                + plain(before.get(before.size() - 1).step()) + " in line "
                                + before.get(before.size() - 1).line()
                                + ": sort each run by step, and leave every step once");
            }
            before.add(new Row(
                    row.line(),
                    step,
                    metricColumns.stream().map(column -> value(row, column)).toList()));
        }

        private void same(CsvFile.Row row, String column, String first, String said) {
            if (!first.equals(said)) {
                throw problem(
                        row,
                        column,
                        "'" + said + "', but the run's first row says '" + first
                                + "': give every run one name of its own");
            }
        }

        private double step(CsvFile.Row row) {
            String text = text(row, "step");
            double step = NumberCell.isNumber(text) ? Double.parseDouble(text) : Double.NaN;
            if (!(step >= 0 && Double.isFinite(step))) {
                throw problem(row, "step", "'" + text + "' is no step: write a number from 0");
            }
            return step;
        }

        private double budget(CsvFile.Row row) {
            if (!header.contains(BUDGET) || text(row, BUDGET).isEmpty()) {
                return Double.NaN;
            }
            String text = text(row, BUDGET);
            double budget = NumberCell.isNumber(text) ? Double.parseDouble(text) : Double.NaN;
            if (!(budget > 0 && Double.isFinite(budget))) {
                throw problem(
                        row,
                        BUDGET,
                        "'" + text + "' is no budget: write the steps the run may take, or leave it empty");
            }
            return budget;
        }

        private double value(CsvFile.Row row, int column) {
            String text = row.fields().get(column);
            String lower = text.toLowerCase(Locale.ROOT);
            if (text.isEmpty() || lower.equals("nan")) {
                return Double.NaN;
            }
            if (lower.matches("[+-]?inf(inity)?")) {
                return lower.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            }
            if (!NumberCell.isNumber(text)) {
                throw csv.problem(
                        row, column, "'" + text + "' is no number: write one with a decimal point, nan, or nothing");
            }
            return Double.parseDouble(text);
        }

        private String required(CsvFile.Row row, String column) {
            String text = text(row, column);
            if (text.isEmpty()) {
                throw problem(row, column, "the field is empty: name the " + column);
            }
            return text;
        }

        private String text(CsvFile.Row row, String column) {
            return row.fields().get(header.indexOf(column));
        }

        private UserError problem(CsvFile.Row row, String column, String sentence) {
            return csv.problem(row, header.indexOf(column), sentence);
        }

        private static String plain(double number) {
            return number == Math.rint(number) ? String.valueOf((long) number) : String.valueOf(number);
        }
    }
}
