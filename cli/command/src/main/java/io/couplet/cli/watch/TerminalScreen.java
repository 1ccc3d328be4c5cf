package io.couplet.cli.watch;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole terminal, on its second screen and key by key, until it is closed; then it is as it was. Speaks to the terminal with {@code stty}, which every Unix has
 * where a terminal is, so that no native library is needed.
 */
public final class TerminalScreen implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TerminalScreen.class);
    private static final String SECOND_SCREEN = "\u001b[?1049h\u001b[?25l";
    private static final String FIRST_SCREEN = "\u001b[?25h\u001b[?1049l";

    private final PrintableWriter out;
    private final InputStream keys;
    private final String before;
    private boolean closed;

    private TerminalScreen(PrintableWriter out, InputStream keys, String before) {
        this.out = out;
        this.keys = keys;
        this.before = before;
    }

    /**
     * Takes the terminal over.
     *
     * @throws IOException when there is none that can be
     */
    public static TerminalScreen open(PrintWriter out, InputStream keys) throws IOException {
        String before = stty("-g");
        stty("-icanon -echo min 0 time 0");
        PrintableWriter screen = PrintableWriter.over(out);
        screen.control(SECOND_SCREEN);
        screen.flush();
        return new TerminalScreen(screen, keys, before);
    }

    /**
     * Characters in a line, and lines.
     *
     * @param columns at least 20
     * @param rows at least 5
     */
    public record Size(int columns, int rows) {}

    /** The size it has now. */
    public Size size() {
        try {
            String[] rowsAndColumns = stty("size").split(" ");
            return new Size(
                    Math.max(20, Integer.parseInt(rowsAndColumns[1])),
                    Math.max(5, Integer.parseInt(rowsAndColumns[0])));
        } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return new Size(80, 24);
        }
    }

    /** Shows these lines, colours and all, and nothing else. */
    public void show(List<String> lines) {
        StringBuilder frame = new StringBuilder("\u001b[H");
        for (int i = 0; i < lines.size(); i++) {
            frame.append(i == 0 ? "" : "\r\n").append(lines.get(i)).append("\u001b[K");
        }
        out.control(frame.append("\u001b[J").toString());
        out.flush();
    }

    /** What was typed since, escape sequences and all; empty mostly. */
    public String typed() {
        try {
            int waiting = keys.available();
            return waiting == 0 ? "" : new String(keys.readNBytes(waiting), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    /** Gives the terminal back. Closing twice is closing once. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        out.control(FIRST_SCREEN);
        out.flush();
        try {
            stty(before);
        } catch (IOException e) {
            LOG.warn("The terminal could not be set back; type `stty sane`", e);
        }
    }

    private static String stty(String arguments) throws IOException {
        Process process = new ProcessBuilder("/bin/sh", "-c", "stty " + arguments + " </dev/tty")
                .redirectErrorStream(true)
                .start();
        try {
            String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            if (!process.waitFor(2, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException("stty does not answer");
            }
            if (process.exitValue() != 0) {
                throw new IOException("stty: " + answer);
            }
            return answer;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while stty was asked", e);
        }
    }
}
