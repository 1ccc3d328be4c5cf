package io.couplet.producers;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Recorded curves in long form, a row for each step of each run, read whole: CSV in UTF-8, {@code .gz} also compressed, a header first. {@link Column} has what its columns are called; all
 * others are passed over.
 *
 * @param name the file's name
 * @param runs the runs in the order of their first rows
 * @param rows rows of the file
 * @param rowsWithoutMetric rows that had neither a loss nor a validation accuracy
 */
public record RecordedCurves(String name, List<Run> runs, long rows, long rowsWithoutMetric) {

    public RecordedCurves {
        runs = List.copyOf(runs);
    }

    /** The columns that mean something, by what they are called in lower case. */
    public enum Column {
        RUN(true),
        BACKBONE(true),
        OPTIMIZER(true),
        SEED(false),
        STEP(true),
        BUDGET(false),
        /** Seconds since the run began. */
        SECONDS(false),
        LOSS(false),
        LEARNING_RATE(false),
        GRADIENT_NORM(false),
        BATCH_ACCURACY(false),
        VALIDATION_LOSS(false),
        TOP1(false),
        TOP5(false);

        private final boolean needed;

        Column(boolean needed) {
            this.needed = needed;
        }

        /** What it is called in a file that names it as Couplet does. */
        public String heading() {
            return name().toLowerCase(Locale.ROOT);
        }

        private boolean isNumber() {
            return ordinal() >= SECONDS.ordinal();
        }
    }

    /** The numbers of a row, in the order of {@link Column}; NaN where a cell is empty, which {@link #given} tells from a NaN that was written. */
    public static final class Row {

        private static final int FIRST = Column.SECONDS.ordinal();

        private final int step;
        private final double[] numbers = new double[Column.values().length - FIRST];
        private int given;

        private Row(int step) {
            this.step = step;
            Arrays.fill(numbers, Double.NaN);
        }

        private void put(Column column, double value) {
            numbers[column.ordinal() - FIRST] = value;
            given |= 1 << column.ordinal();
        }

        /** Its step, from 1. */
        public int step() {
            return step;
        }

        /** The number in a column; NaN when there is none. */
        public double get(Column column) {
            return numbers[column.ordinal() - FIRST];
        }

        /** Whether the column has a number here. */
        public boolean given(Column column) {
            return (given & 1 << column.ordinal()) != 0;
        }

        boolean isEvaluation() {
            return given(Column.TOP1);
        }
    }

    /**
     * A run.
     *
     * @param name what the file calls it
     * @param backbone its backbone
     * @param optimizer its optimizer
     * @param seed its seed, 0 when the file has none
     * @param budgetSteps the steps it might take; the last it took when the file does not say
     * @param rows its rows, by ascending step
     */
    public record Run(String name, String backbone, String optimizer, long seed, int budgetSteps, List<Row> rows) {}

    /** A run while its rows come. */
    private static final class Growing {
        private final String name;
        private final String backbone;
        private final String optimizer;
        private final long seed;
        private final List<Row> rows = new ArrayList<>();
        private int budget;

        private Growing(String name, String backbone, String optimizer, long seed) {
            this.name = name;
            this.backbone = backbone;
            this.optimizer = optimizer;
            this.seed = seed;
        }

        private int lastStep() {
            return rows.isEmpty() ? 0 : rows.get(rows.size() - 1).step;
        }

        private Run run() {
            return new Run(name, backbone, optimizer, seed, budget == 0 ? lastStep() : budget, List.copyOf(rows));
        }
    }

    /** The places of the columns in one file, and where it is read. */
    private static final class Reading {
        private final String file;
        private final Map<Column, String> headings;
        private final int[] places = new int[Column.values().length];
        private int width;
        private long line;

        private Reading(String file, Map<Column, String> headings) {
            this.file = file;
            this.headings = headings;
        }

        private CurvesException problem(String sentence) {
            return new CurvesException(file + ", line " + line + ": " + sentence + ".");
        }

        private String heading(Column column) {
            return headings.getOrDefault(column, column.heading());
        }

        private void header(String[] fields) throws CurvesException {
            width = fields.length;
            List<String> names = Arrays.asList(fields);
            if (width == 1 && (fields[0].contains(";") || fields[0].contains("\t"))) {
                throw problem("the columns are not separated by commas: separate them by commas, and write numbers with"
                        + " a decimal point");
            }
            List<String> missing = new ArrayList<>();
            for (Column column : Column.values()) {
                places[column.ordinal()] = names.indexOf(heading(column));
                if (places[column.ordinal()] < 0 && (column.needed || headings.containsKey(column))) {
                    missing.add(heading(column));
                }
            }
            if (!missing.isEmpty()) {
                throw problem("there is no column " + String.join(", ", missing) + " among " + String.join(", ", names)
                        + ": name it with --column, e.g. --column run=" + names.get(0));
            }
            boolean steps = places[Column.LOSS.ordinal()] >= 0;
            if (!steps && places[Column.TOP1.ordinal()] < 0) {
                throw problem("there is no column loss or top1, so nothing to replay: name one with --column,"
                        + " e.g. --column loss=" + names.get(width - 1));
            }
        }

        private String text(Column column, String[] fields) {
            int place = places[column.ordinal()];
            return place < 0 ? "" : fields[place];
        }

        private String needed(Column column, String[] fields) throws CurvesException {
            String text = text(column, fields);
            if (text.isEmpty()) {
                throw problem(heading(column) + " is empty: every row needs one");
            }
            return text;
        }

        private long whole(Column column, String[] fields, long least, long most) throws CurvesException {
            String text = text(column, fields);
            try {
                double value = Double.parseDouble(text);
                if (value == Math.rint(value) && value >= least && value <= most) {
                    return (long) value;
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw problem(
                    heading(column) + " must be a whole number from " + least + " to " + most + ", was '" + text + "'");
        }

        private double number(Column column, String text) throws CurvesException {
            return switch (text.toLowerCase(Locale.ROOT)) {
                case "nan" -> Double.NaN;
                case "inf", "+inf", "infinity", "+infinity" -> Double.POSITIVE_INFINITY;
                case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
                default -> {
                    try {
                        yield Double.parseDouble(text);
                    } catch (NumberFormatException e) {
                        throw problem(heading(column) + " must be a number, nan or inf, or empty, was '" + text + "'");
                    }
                }
            };
        }
    }

    /**
     * Reads a file.
     *
     * @param headings what columns are called where not as in {@link Column}
     * @param accuraciesInPercent whether accuracies are percentages; null takes them for such when any is above 1
     * @throws CurvesException in one sentence with the line and the fix, when anything is wrong with it
     */
    public static RecordedCurves read(Path path, Map<Column, String> headings, @Nullable Boolean accuraciesInPercent)
            throws CurvesException {
        String file = String.valueOf(path.getFileName());
        Reading reading = new Reading(file, headings);
        try (InputStream in = open(path);
                BufferedReader lines = new BufferedReader(new InputStreamReader(
                        in,
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .onMalformedInput(CodingErrorAction.REPORT)
                                .onUnmappableCharacter(CodingErrorAction.REPORT)))) {
            return read(reading, lines, accuraciesInPercent);
        } catch (CharacterCodingException e) {
            throw new CurvesException(file + " is not UTF-8 text: save it as CSV in UTF-8.", e);
        } catch (ZipException e) {
            throw new CurvesException(file + " ends with .gz but is not compressed with gzip: rename it.", e);
        } catch (EOFException e) {
            throw new CurvesException(file + " is cut short: its compressed data has no end, so copy it once more.", e);
        } catch (IOException | UncheckedIOException e) {
            throw new CurvesException(
                    Files.isDirectory(path)
                            ? path + " is a folder: give a CSV file."
                            : "There is no file " + path + " that can be read: check the path.",
                    e);
        }
    }

    private static InputStream open(Path path) throws IOException {
        InputStream in = Files.newInputStream(path);
        if (!path.toString().endsWith(".gz")) {
            return in;
        }
        try {
            return new GZIPInputStream(in);
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    private static RecordedCurves read(Reading reading, BufferedReader lines, @Nullable Boolean accuraciesInPercent)
            throws IOException, CurvesException {
        Map<String, Growing> runs = new LinkedHashMap<>();
        long rows = 0;
        long without = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            reading.line++;
            if (line.isBlank()) {
                continue;
            }
            String[] fields =
                    fields(reading, reading.width == 0 && line.startsWith("\uFEFF") ? line.substring(1) : line);
            if (reading.width == 0) {
                reading.header(fields);
                continue;
            }
            if (fields.length != reading.width) {
                throw reading.problem("the row has " + fields.length + " fields, the first line " + reading.width
                        + ": put a comma for every cell that is empty, and write numbers with a decimal point");
            }
            rows++;
            without += add(reading, fields, runs) ? 0 : 1;
        }
        if (rows == 0) {
            throw new CurvesException(reading.file
                    + " has no rows: its first line names the columns, each further line is a step of a run.");
        }
        List<Run> all = runs.values().stream().map(Growing::run).toList();
        for (Run run : all) {
            if (run.rows().get(run.rows().size() - 1).step() > run.budgetSteps()) {
                throw new CurvesException(reading.file + ": run " + run.name() + " goes beyond its budget of "
                        + run.budgetSteps() + " steps: correct the budget, or leave the column out.");
            }
        }
        scale(reading, all, accuraciesInPercent);
        return new RecordedCurves(reading.file, all, rows, without);
    }

    /** Whether the row had any metric. */
    private static boolean add(Reading reading, String[] fields, Map<String, Growing> runs) throws CurvesException {
        String name = reading.needed(Column.RUN, fields);
        String backbone = reading.needed(Column.BACKBONE, fields);
        String optimizer = reading.needed(Column.OPTIMIZER, fields);
        long seed = reading.text(Column.SEED, fields).isEmpty()
                ? 0
                : reading.whole(Column.SEED, fields, -(1L << 53), 1L << 53);
        Growing run = runs.computeIfAbsent(name, key -> new Growing(name, backbone, optimizer, seed));
        if (!run.backbone.equals(backbone) || !run.optimizer.equals(optimizer) || run.seed != seed) {
            throw reading.problem("run " + name + " was " + run.backbone + " with " + run.optimizer + ", seed "
                    + run.seed + " before and is " + backbone + " with " + optimizer + ", seed " + seed
                    + " here: a run has one of each, so give each its own name in " + reading.heading(Column.RUN));
        }
        int step = (int) reading.whole(Column.STEP, fields, 1, Integer.MAX_VALUE);
        if (step <= run.lastStep()) {
            throw reading.problem("step " + step + " of run " + name + " comes after its step " + run.lastStep()
                    + ": sort the file by step, and keep one row a step");
        }
        if (!reading.text(Column.BUDGET, fields).isEmpty()) {
            int budget = (int) reading.whole(Column.BUDGET, fields, 1, Integer.MAX_VALUE);
            if (run.budget != 0 && run.budget != budget) {
                throw reading.problem("the budget of run " + name + " was " + run.budget + " before and is " + budget
                        + " here: a run has one budget");
            }
            run.budget = budget;
        }
        Row row = new Row(step);
        for (Column column : Column.values()) {
            String text = column.isNumber() ? reading.text(column, fields) : "";
            if (!text.isEmpty()) {
                row.put(column, reading.number(column, text));
            }
        }
        run.rows.add(row);
        return row.given(Column.LOSS) || row.isEvaluation();
    }

    private static void scale(Reading reading, Collection<Run> runs, @Nullable Boolean accuraciesInPercent)
            throws CurvesException {
        List<Column> accuracies = List.of(Column.BATCH_ACCURACY, Column.TOP1, Column.TOP5);
        double most = runs.stream()
                .flatMap(run -> run.rows().stream())
                .flatMapToDouble(row -> accuracies.stream().mapToDouble(row::get))
                .filter(Double::isFinite)
                .max()
                .orElse(0);
        boolean percent = accuraciesInPercent == null ? most > 1 : accuraciesInPercent;
        for (Run run : runs) {
            for (Row row : run.rows()) {
                for (Column column : accuracies) {
                    double value = row.get(column) / (percent ? 100 : 1);
                    if (value < 0 || value > 1) {
                        throw new CurvesException(
                                reading.file + ": " + reading.heading(column) + " of run " + run.name()
                                        + " at step " + row.step + " is " + row.get(column) + ", no accuracy in "
                                        + (percent ? "percent" : "fractions") + ": correct it, or say --unit "
                                        + (percent ? "fraction" : "percent") + ".");
                    }
                    if (row.given(column)) {
                        row.put(column, value);
                    }
                }
            }
        }
    }

    /** The fractions of their budgets at which runs were evaluated, ascending. */
    List<Double> rungs() {
        return new ArrayList<>(runs.stream()
                .flatMap(run -> run.rows().stream()
                        .filter(Row::isEvaluation)
                        .map(row -> fraction(row.step(), run.budgetSteps())))
                .collect(Collectors.toCollection(TreeSet::new)));
    }

    /** Rounded so that the same fraction of two budgets is the same number, but never to nothing: a rung lies above 0. */
    static double fraction(int step, int budgetSteps) {
        return Math.max(1, Math.rint(1e6 * step / budgetSteps)) / 1e6;
    }

    private static String[] fields(Reading reading, String line) throws CurvesException {
        try {
            return CsvLine.fields(line);
        } catch (IllegalArgumentException e) {
            throw reading.problem(String.valueOf(e.getMessage()));
        }
    }
}
