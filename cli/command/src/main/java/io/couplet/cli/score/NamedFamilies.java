package io.couplet.cli.score;

import io.couplet.cli.local.Label;
import io.couplet.cli.local.UserError;
import io.couplet.scores.coupling.Families;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.optimizers.Optimizers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Where families come from: a file before the table's own column, that before what Couplet knows by name or title. */
final class NamedFamilies {

    private NamedFamilies() {}

    /** Families of a table's optimizers and backbones; {@code given} is a CSV file with the columns name and family. */
    static Families of(ResultTable table, Optional<Path> given) {
        Map<String, String> backbones = new HashMap<>();
        Map<String, String> optimizers = new HashMap<>();
        for (Backbones.Entry entry : Backbones.entries()) {
            put(backbones, table.backbones(), List.of(entry.name(), entry.title()), Label.of(entry.family()));
        }
        if (table.optimizerFamilies().isEmpty()) {
            for (Optimizers.Entry entry : Optimizers.entries()) {
                put(optimizers, table.optimizers(), List.of(entry.name(), entry.title()), Label.of(entry.family()));
            }
        }
        optimizers.putAll(table.optimizerFamilies());
        given.ifPresent(path -> read(path, table, backbones, optimizers));
        return new Families(backbones, optimizers);
    }

    private static void put(Map<String, String> families, List<String> members, List<String> names, String family) {
        members.stream()
                .filter(member -> names.stream().anyMatch(member::equalsIgnoreCase))
                .forEach(member -> families.put(member, family));
    }

    private static void read(
            Path path, ResultTable table, Map<String, String> backbones, Map<String, String> optimizers) {
        CsvFile file = CsvFile.read(path);
        if (!file.header().fields().equals(List.of("name", "family"))) {
            throw new UserError(file.name() + ", line " + file.header().line()
                    + ", column 1: the first line must be name,family: one backbone or optimizer a row follows.");
        }
        int used = 0;
        for (CsvFile.Row row : file.body()) {
            String name = file.rowName(row);
            String family = row.fields().get(1);
            if (family.isEmpty()) {
                throw file.problem(row, 1, name + " has no family: write one or take the row out");
            }
            if (table.backbones().contains(name)) {
                backbones.put(name, family);
                used++;
            }
            if (table.optimizers().contains(name)) {
                optimizers.put(name, family);
                used++;
            }
        }
        if (used == 0) {
            throw new UserError(file.name() + " names no backbone and no optimizer of " + table.file()
                    + ": write the names as they stand there.");
        }
    }
}
