package io.couplet.cli.score;

import io.couplet.cli.local.UserError;
import io.couplet.producers.CsvLine;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Comma-separated values (RFC 4180, a quoted field ends on its line), each row as long as the first; a byte order mark and blank lines are passed over.
 *
 * @param name the file's name, for messages
 * @param rows the rows, header first
 */
public record CsvFile(String name, List<Row> rows) {

    /**
     * One line of the file.
     *
     * @param line its number from 1
     * @param fields its fields without surrounding blanks
     */
    public record Row(int line, List<String> fields) {}

    /** Reads a file; throws {@link UserError} with line, column and the fix. */
    public static CsvFile read(Path path) {
        String text = text(path);
        String name = String.valueOf(path.getFileName());
        List<Row> rows = new ArrayList<>();
        int line = 0;
        for (String each : text.lines().toList()) {
            line++;
            if (!each.isBlank()) {
                rows.add(new Row(line, fields(name, line, each)));
            }
        }
        CsvFile file = new CsvFile(name, rows);
        file.check();
        return file;
    }

    private static String text(Path path) {
        try {
            String text = Files.readString(path, StandardCharsets.UTF_8);
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new UserError(path.getFileName() + " is not UTF-8 text: save it as CSV in UTF-8.", e);
        } catch (IOException e) {
            throw new UserError(
                    Files.isDirectory(path)
                            ? path + " is a folder: give a CSV file."
                            : "There is no file " + path + " that can be read: check the path.",
                    e);
        }
    }

    private static List<String> fields(String name, int line, String text) {
        try {
            return List.of(CsvLine.fields(text));
        } catch (CsvLine.UnclosedException e) {
            throw new UserError(name + ", line " + line + ", column " + e.column() + ": " + e.getMessage() + ".", e);
        }
    }

    private void check() {
        if (rows.isEmpty()) {
            throw new UserError(name + " is empty: its first line must name the columns, each further line is a row.");
        }
        List<String> header = header().fields();
        if (header.size() == 1) {
            for (String separator : List.of(";", "\t")) {
                if (header.get(0).contains(separator)) {
                    throw new UserError(name + ", line " + header().line() + ", column 1: columns are separated by "
                            + (separator.equals(";") ? "semicolons" : "tabs")
                            + ": separate them by commas, and write numbers with a decimal point.");
                }
            }
        }
        Map<String, Integer> seen = new HashMap<>();
        for (int column = 0; column < header.size(); column++) {
            String heading = header.get(column);
            if (heading.isEmpty() && column > 0) {
                throw problem(header(), column, "the column has no name: name it or take it out");
            }
            Integer before = seen.put(heading, column);
            if (before != null) {
                throw problem(
                        header(),
                        column,
                        "'" + heading + "' is the name of column " + (before + 1) + " too: rename one of them");
            }
        }
        for (Row row : rows) {
            int extra = row.fields().size() - header.size();
            if (extra != 0) {
                int column = Math.min(row.fields().size(), header.size() + 1);
                throw new UserError(name + ", line " + row.line() + ", column " + column + ": the row has "
                        + row.fields().size() + " fields, the first line " + header.size()
                        + (extra > 0
                                ? ": take out what is too much, and write numbers with a decimal point."
                                : ": put a comma for every cell that is empty."));
            }
        }
    }

    /** The first row. */
    public Row header() {
        return rows.get(0);
    }

    /** The rows below the header. */
    public List<Row> body() {
        return rows.subList(1, rows.size());
    }

    /** What is wrong with a field, by its 0-based column, and the fix. */
    public UserError problem(Row row, int column, String sentence) {
        String heading = header().fields().get(column);
        String named = row == header() || heading.isEmpty() ? "" : " (" + heading + ")";
        return new UserError(
                name + ", line " + row.line() + ", column " + (column + 1) + named + ": " + sentence + ".");
    }

    /** The row's name in its first column, which must not be empty. */
    String rowName(Row row) {
        String rowName = row.fields().get(0);
        if (rowName.isEmpty()) {
            throw problem(row, 0, "the row has no name: write it in the first column");
        }
        return rowName;
    }
}
