package io.couplet.cli.score;

import io.couplet.cli.local.UserError;
import io.couplet.scores.coupling.Pairing;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Seconds or steps of pairings, in a file laid out as the table of results: rows optimizers, columns backbones, several rows of one optimizer are averaged.
 *
 * @param costs the mean of each pairing's numbers; pairings with empty cells are not in it
 */
record CostTable(Map<Pairing, Double> costs) {

    /** Reads a file; its optimizers and backbones must be those of the table, or some of them. */
    static CostTable read(Path path, ResultTable table) {
        CsvFile file = CsvFile.read(path);
        List<String> header = file.header().fields();
        int first = ResultTable.firstBackbone(header);
        for (int column = first; column < header.size(); column++) {
            if (!table.backbones().contains(header.get(column))) {
                throw file.problem(
                        file.header(),
                        column,
                        "'" + header.get(column) + "' is no backbone of " + table.file() + ": rename it as there");
            }
        }
        Map<Pairing, List<Double>> numbers = new LinkedHashMap<>();
        for (CsvFile.Row row : file.body()) {
            String optimizer = file.rowName(row);
            if (!table.optimizers().contains(optimizer)) {
                throw file.problem(
                        row, 0, "'" + optimizer + "' is no optimizer of " + table.file() + ": rename it as there");
            }
            for (int column = first; column < header.size(); column++) {
                if (!row.fields().get(column).isEmpty()) {
                    double number = NumberCell.read(file, row, column, "write a number, or leave the cell empty");
                    if (!(number > 0)) {
                        throw file.problem(row, column, "a cost must be above 0, was " + number);
                    }
                    numbers.computeIfAbsent(new Pairing(header.get(column), optimizer), key -> new ArrayList<>())
                            .add(number);
                }
            }
        }
        if (numbers.isEmpty()) {
            throw new UserError(file.name() + " has no numbers: lay it out as " + table.file() + ".");
        }
        Map<Pairing, Double> means = new HashMap<>();
        numbers.forEach((pairing, each) -> means.put(
                pairing,
                each.stream().mapToDouble(Double::doubleValue).average().orElseThrow()));
        return new CostTable(means);
    }

    OptionalDouble of(String backbone, String optimizer) {
        Double cost = costs.get(new Pairing(backbone, optimizer));
        return cost == null ? OptionalDouble.empty() : OptionalDouble.of(cost);
    }
}
