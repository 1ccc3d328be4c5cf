package io.couplet.cli.score;

import io.couplet.cli.local.UserError;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Ranks of optimizers that no table of results can tell: a CSV file with the optimizers in its first column and a column hyperparameter_rank, or
 * computation_rank, or both; other columns are passed over.
 *
 * @param robustness rank by robustness to hyper-parameters; empty without that column
 * @param cost rank by computation; empty without that column
 */
record GivenRanks(Map<String, Double> robustness, Map<String, Double> cost) {

    static final GivenRanks NONE = new GivenRanks(Map.of(), Map.of());

    private static final String ROBUSTNESS = "hyperparameter_rank";
    private static final String COST = "computation_rank";

    /** Reads a file; every optimizer of the table must have a row. */
    static GivenRanks read(Path path, ResultTable table) {
        CsvFile file = CsvFile.read(path);
        OptionalInt robustness = column(file, ROBUSTNESS);
        OptionalInt cost = column(file, COST);
        if (robustness.isEmpty() && cost.isEmpty()) {
            throw new UserError(file.name() + ", line " + file.header().line() + ", column 1: no column is named "
                    + ROBUSTNESS + " or " + COST + ": name one so.");
        }
        return new GivenRanks(read(file, robustness, table), read(file, cost, table));
    }

    private static OptionalInt column(CsvFile file, String name) {
        List<String> header = file.header().fields();
        return IntStream.range(1, header.size())
                .filter(column -> header.get(column).equalsIgnoreCase(name))
                .findFirst();
    }

    private static Map<String, Double> read(CsvFile file, OptionalInt column, ResultTable table) {
        Map<String, Double> ranks = new HashMap<>();
        if (column.isEmpty()) {
            return ranks;
        }
        for (CsvFile.Row row : file.body()) {
            double rank = NumberCell.read(file, row, column.getAsInt(), "write a rank, 1 for the best");
            if (!(rank >= 1)) {
                throw file.problem(row, column.getAsInt(), "a rank must be at least 1, was " + rank);
            }
            if (ranks.put(file.rowName(row), rank) != null) {
                throw file.problem(row, 0, "'" + file.rowName(row) + "' has a row above: keep one");
            }
        }
        for (String optimizer : table.optimizers()) {
            if (!ranks.containsKey(optimizer)) {
                throw new UserError(
                        file.name() + " has no row for '" + optimizer + "' of " + table.file() + ": add it.");
            }
        }
        return ranks;
    }
}
