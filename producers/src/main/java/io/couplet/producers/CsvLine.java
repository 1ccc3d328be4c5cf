package io.couplet.producers;

import java.util.ArrayList;
import java.util.List;

/**
 * One line of comma-separated values: quotation marks as in RFC 4180, but no line breaks within them; blanks around a field are dropped. A mark that does not begin its
 * field is a character as any other.
 */
public final class CsvLine {

    private static final int MOST_FIELDS = 10_000;

    private CsvLine() {}

    /** A quotation mark that is not closed. */
    public static final class UnclosedException extends IllegalArgumentException {

        private static final long serialVersionUID = 1L;

        private final int column;

        UnclosedException(int column) {
            super("a quotation mark is not closed: close it on the same line, or leave it out");
            this.column = column;
        }

        /** The field that it begins, from 1. */
        public int column() {
            return column;
        }
    }

    /**
     * The fields of a line.
     *
     * @throws UnclosedException when a quotation mark is not closed
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
        int at = 0;
        while (at <= line.length()) {
            int start = at;
            while (start < line.length() && (line.charAt(start) == ' ' || line.charAt(start) == '\t')) {
                start++;
            }
            StringBuilder field = new StringBuilder();
            if (start < line.length() && line.charAt(start) == '"') {
                at = quoted(line, start + 1, field);
                if (at < 0) {
                    throw new UnclosedException(fields.size() + 1);
                }
            }
            int comma = line.indexOf(',', at);
            int end = comma < 0 ? line.length() : comma;
            fields.add(field.append(line, at, end).toString().strip());
            at = end + 1;
        }
        return fields.toArray(String[]::new);
    }

    /** Appends what stands between quotation marks; the index behind the closing one, −1 without. */
    private static int quoted(String line, int from, StringBuilder field) {
        for (int at = from; at < line.length(); at++) {
            if (line.charAt(at) != '"') {
                field.append(line.charAt(at));
            } else if (at + 1 < line.length() && line.charAt(at + 1) == '"') {
                field.append('"');
                at++;
            } else {
                return at + 1;
            }
        }
        return -1;
    }
}
