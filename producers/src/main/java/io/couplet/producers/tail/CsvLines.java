package io.couplet.producers.tail;

import io.couplet.producers.CsvLine;
import java.util.LinkedHashMap;
import java.util.Map;

/** CSV: the first line names the columns, each further one is a row. A cell that is no number is a word. */
final class CsvLines extends TextLines {

    @Override
    Position line(Position beyond, String line, Finder found) {
        String header = beyond.header();
        if (header == null) {
            return beyond.withHeader(line);
        }
        try {
            String[] names = CsvLine.fields(header);
            String[] cells = CsvLine.fields(line);
            if (cells.length != names.length) {
                found.malformed(
                        beyond.lines(), "the row has " + cells.length + " fields, the first line " + names.length);
                return beyond;
            }
            Map<String, Double> values = new LinkedHashMap<>();
            Map<String, String> facts = new LinkedHashMap<>();
            for (int i = 0; i < cells.length; i++) {
                if (!cells[i].isEmpty()) {
                    Double number = Numbers.parse(cells[i]);
                    if (number != null) {
                        values.put(names[i], number);
                    }
                    facts.put(names[i], cells[i]);
                }
            }
            Long step = Numbers.step(values);
            found.entry(new LogEntry(beyond.lines(), step, values, facts, Numbers.millis(values)));
        } catch (IllegalArgumentException e) {
            found.malformed(beyond.lines(), String.valueOf(e.getMessage()));
        }
        return beyond;
    }
}
