package io.couplet.cli.score;

import io.couplet.cli.local.UserError;
import java.util.regex.Pattern;

/** Numbers as a table may hold them. */
public final class NumberCell {

    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d{1,3})?");

    private NumberCell() {}

    /** Whether it is a number with a decimal point, perhaps with an exponent; neither nan nor infinity. */
    public static boolean isNumber(String text) {
        return NUMBER.matcher(text).matches();
    }

    /** The number in a field; {@code otherwise} says what else could stand there. */
    static double read(CsvFile file, CsvFile.Row row, int column, String otherwise) {
        String text = row.fields().get(column);
        if (isNumber(text)) {
            return Double.parseDouble(text);
        }
        throw refused(file, row, column, text, otherwise);
    }

    private static UserError refused(CsvFile file, CsvFile.Row row, int column, String text, String otherwise) {
        if (text.endsWith("%") && isNumber(text.substring(0, text.length() - 1).strip())) {
            return file.problem(
                    row,
                    column,
                    "'" + text + "' has a percent sign: write "
                            + text.substring(0, text.length() - 1).strip());
        }
        if (isNumber(text.replace(',', '.'))) {
            return file.problem(row, column, "'" + text + "' has a decimal comma: write " + text.replace(',', '.'));
        }
        if (text.contains("±") || text.contains("+-")) {
            return file.problem(
                    row,
                    column,
                    "'" + text + "' is more than a number: write the mean alone, or one row for each seed");
        }
        return file.problem(row, column, "'" + text + "' is no number: " + otherwise);
    }
}
