package io.couplet.cli.score;

import io.couplet.cli.local.UserError;
import io.couplet.scores.coupling.Observation;
import io.couplet.scores.coupling.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A finished table of results: rows optimizers, columns backbones.
 *
 * @param file the file's name, for messages
 * @param backbones in the order of the columns
 * @param optimizers in the order of their first rows
 * @param optimizerFamilies family by optimizer, from a second column of that name; empty without
 * @param unit what the numbers are
 * @param cells what was reported, in reading order
 */
record ResultTable(
        String file,
        List<String> backbones,
        List<String> optimizers,
        Map<String, String> optimizerFamilies,
        Unit unit,
        List<Reported> cells) {

    /** What the numbers of a table are. */
    enum Unit {
        PERCENT(100),
        FRACTION(1);

        private final double whole;

        Unit(double whole) {
            this.whole = whole;
        }

        double fraction(double number) {
            return number / whole;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * One cell of one row.
     *
     * @param seed 0-based number of the row among its optimizer's
     * @param accuracy a fraction; NaN for a run that diverged
     */
    record Reported(String backbone, String optimizer, int seed, double accuracy) {}

    /** Names of a second column that holds families instead of results. */
    private static final Set<String> FAMILY_COLUMNS = Set.of("optimizer_group", "group", "optimizer_family", "family");

    private static final String DIVERGED = "diverged";

    /**
     * Reads a table.
     *
     * @param given what the numbers are; otherwise percent when any is above 1
     */
    static ResultTable read(Path path, Optional<Unit> given) {
        return new Reading(CsvFile.read(path)).table(given);
    }

    static int firstBackbone(List<String> header) {
        return header.size() > 1 && FAMILY_COLUMNS.contains(header.get(1).toLowerCase(Locale.ROOT)) ? 2 : 1;
    }

    /** The table of scores; runs that diverged, and those at or below it, count as chance level. */
    Table scored(double chance, Optional<CostTable> seconds) {
        List<Observation> runs = new ArrayList<>();
        for (Reported cell : cells) {
            boolean diverged = Double.isNaN(cell.accuracy()) || cell.accuracy() <= chance;
            double cost = seconds.map(
                            s -> s.of(cell.backbone(), cell.optimizer()).orElse(Double.NaN))
                    .orElse(Double.NaN);
            runs.add(new Observation(
                    cell.backbone(), cell.optimizer(), 0, cell.seed(), cell.accuracy(), diverged, cost));
        }
        return Table.of(backbones, optimizers, runs, chance);
    }

    /** True when the pairing has a result. */
    boolean hasDiverged() {
        return cells.stream().anyMatch(cell -> Double.isNaN(cell.accuracy()));
    }

    /** One file on its way to a table. */
    private static final class Reading {

        private final CsvFile file;
        private final List<String> header;
        private final int first;
        private final Map<String, Integer> seeds = new LinkedHashMap<>();
        private final Map<String, String> families = new HashMap<>();
        private final List<Reported> cells = new ArrayList<>();
        private double largest = Double.NEGATIVE_INFINITY;

        Reading(CsvFile file) {
            this.file = file;
            this.header = file.header().fields();
            this.first = firstBackbone(header);
        }

        ResultTable table(Optional<Unit> given) {
            List<String> backbones = header.subList(first, header.size());
            if (backbones.size() > 1 && backbones.stream().allMatch(NumberCell::isNumber)) {
                throw file.problem(file.header(), first, "the first line holds numbers: name the backbones there");
            }
            for (CsvFile.Row row : file.body()) {
                read(row);
            }
            if (backbones.size() < 2 || seeds.size() < 2) {
                throw new UserError(file.name() + ", line "
                        + file.rows().get(file.rows().size() - 1).line()
                        + ", column " + header.size() + ": the table ends with " + counted(seeds.size(), "optimizer")
                        + " and " + counted(backbones.size(), "backbone")
                        + ": give at least 2 rows of optimizers and 2 columns of backbones.");
            }
            Unit unit = given.orElse(largest > 1 ? Unit.PERCENT : Unit.FRACTION);
            checkRange(unit);
            return new ResultTable(
                    file.name(),
                    List.copyOf(backbones),
                    List.copyOf(seeds.keySet()),
                    Map.copyOf(families),
                    unit,
                    cells.stream()
                            .map(cell -> new Reported(
                                    cell.backbone(), cell.optimizer(), cell.seed(), unit.fraction(cell.accuracy())))
                            .toList());
        }

        private static String counted(int count, String what) {
            return count + " " + what + (count == 1 ? "" : "s");
        }

        private void read(CsvFile.Row row) {
            String optimizer = file.rowName(row);
            int seed = seeds.merge(optimizer, 1, Integer::sum) - 1;
            if (first == 2 && !row.fields().get(1).isEmpty()) {
                String family = row.fields().get(1);
                String before = families.put(optimizer, family);
                if (before != null && !before.equals(family)) {
                    throw file.problem(
                            row,
                            1,
                            optimizer + " is of family " + before + " above and of " + family + " here: keep one");
                }
            }
            for (int column = first; column < header.size(); column++) {
                String text = row.fields().get(column);
                if (text.equalsIgnoreCase(DIVERGED)) {
                    cells.add(new Reported(header.get(column), optimizer, seed, Double.NaN));
                } else if (!text.isEmpty()) {
                    double number = NumberCell.read(
                            file,
                            row,
                            column,
                            "write an accuracy, 'diverged' for a run that diverged, or leave the cell empty"
                                    + (column == 1 ? " (a column of families is to be named optimizer_group)" : ""));
                    largest = Math.max(largest, number);
                    cells.add(new Reported(header.get(column), optimizer, seed, number));
                }
            }
        }

        private void checkRange(Unit unit) {
            double most = unit == Unit.PERCENT ? 100 : 1;
            for (CsvFile.Row row : file.body()) {
                for (int column = first; column < header.size(); column++) {
                    String text = row.fields().get(column);
                    if (NumberCell.isNumber(text)) {
                        double number = Double.parseDouble(text);
                        if (!(number >= 0 && number <= most)) {
                            throw file.problem(
                                    row,
                                    column,
                                    text + " is no accuracy: as a " + unit + " it must be from 0 to " + (int) most);
                        }
                    }
                }
            }
        }
    }
}
