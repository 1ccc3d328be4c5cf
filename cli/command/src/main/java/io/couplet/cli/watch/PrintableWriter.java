package io.couplet.cli.watch;

import java.io.PrintWriter;
import java.util.regex.Pattern;

/**
 * What is printed, without the control characters that texts from topics, files and archives may have: a terminal obeys those, up to writing the clipboard. Each becomes a
 * question mark, but for line breaks and tabs. Our own go through {@link #control}.
 */
public final class PrintableWriter extends PrintWriter {

    private static final Pattern ANY = Pattern.compile("[\\x00-\\x1f\\x7f-\\x9f]");
    private static final Pattern NEITHER_BREAK_NOR_TAB = Pattern.compile("[\\x00-\\x1f\\x7f-\\x9f&&[^\\n\\t]]");

    private PrintableWriter(PrintWriter out) {
        super(out, true);
    }

    /** Prints through another writer. */
    public static PrintableWriter over(PrintWriter out) {
        return out instanceof PrintableWriter printable ? printable : new PrintableWriter(out);
    }

    /** A text without any control character, line breaks and tabs among them. */
    public static String oneLine(String text) {
        return ANY.matcher(text).replaceAll("?");
    }

    /** Prints a control sequence of our own as it is. */
    public void control(String sequence) {
        super.write(sequence, 0, sequence.length());
    }

    @Override
    public void write(int character) {
        write(Character.toString((char) character));
    }

    @Override
    public void write(char[] text, int offset, int length) {
        write(new String(text, offset, length));
    }

    @Override
    public void write(String text, int offset, int length) {
        control(NEITHER_BREAK_NOR_TAB
                .matcher(text.substring(offset, offset + length))
                .replaceAll("?"));
    }
}
