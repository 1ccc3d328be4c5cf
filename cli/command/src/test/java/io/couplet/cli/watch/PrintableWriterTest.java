package io.couplet.cli.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** What a terminal is given to obey. */
class PrintableWriterTest {

    /** Writes the clipboard of many terminals. */
    private static final String CLIPBOARD = "\u001b]52;c;cm0gLXJm\u0007";

    private final StringWriter written = new StringWriter();
    private final PrintableWriter out = PrintableWriter.over(new PrintWriter(written));

    @Test
    void controlCharactersBecomeQuestionMarksHoweverTheyArePrinted() {
        out.println("a" + CLIPBOARD);
        out.printf("%s%n", "b\r\u009b2J\u007f");
        out.print('\u001b');
        out.write(new char[] {'c', '\u0007'}, 0, 2);
        out.append("d\u0000").write(0x1b);
        out.flush();
        assertThat(written).hasToString("a?]52;c;cm0gLXJm?\nb??2J?\n?c?d??");
    }

    @Test
    void lineBreaksTabsAndOtherAlphabetsStay() {
        out.print("1\t2\nŽ × 漢 😀");
        assertThat(PrintableWriter.oneLine("1\t2\nŽ × 漢 😀")).isEqualTo("1?2?Ž × 漢 😀");
        out.flush();
        assertThat(written).hasToString("1\t2\nŽ × 漢 😀");
    }

    @Test
    void ourOwnSequencesStay() {
        out.control("\u001b[2K\r");
        PrintableWriter.over(out).print("x\r");
        out.flush();
        assertThat(written).hasToString("\u001b[2K\rx?");
    }
}
