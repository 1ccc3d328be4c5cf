package io.couplet.producers;

import java.util.ArrayList;
import java.util.List;

/** One line of comma-separated values: quotation marks as in RFC 4180, but no line breaks within them; blanks around a field are dropped. */
public final class CsvLine {

    private static final int MOST_FIELDS = 10_000;

    private CsvLine() {}

    /**
     * The fields of a line.
     *
     * @throws IllegalArgumentException when a quotation mark is not closed
     */
    public static String[] fields(String line) {
        if (line.indexOf('"') < 0) {
            String[] fields = line.split(",", MOST_FIELDS);
            for (int i = 0; i < fields.length; i++) {
                fields[i] = fields[i].strip();
            }
            return fields;
        }
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"' && quoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
                field.append('"');
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                fields.add(field.toString().strip());
                field.setLength(0);
            } else {
                field.append(c);
            }
        }
        if (quoted) {
            throw new IllegalArgumentException(
                    "a quotation mark is not closed: close it on the same line, or leave it out");
        }
        fields.add(field.toString().strip());
        return fields.toArray(String[]::new);
    }
}
