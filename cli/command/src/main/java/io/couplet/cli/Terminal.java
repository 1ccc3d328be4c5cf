package io.couplet.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** What the terminal is like. Java's own console tells neither stdout from stdin nor anything of stderr, and from JDK 22 to 24 it is there without a terminal too. */
final class Terminal {

    private static final int DEFAULT_WIDTH = 120;
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    private Terminal() {}

    /** Whether somebody types and sees the result: stdin and stdout are a terminal that knows how to write lines over. */
    static boolean isInteractive() {
        return overwrites() && is(STDIN) && is(STDOUT);
    }

    /** Whether somebody sees the talk: stderr is such a terminal, wherever the result goes. */
    static boolean showsTalk() {
        return overwrites() && is(STDERR);
    }

    private static boolean overwrites() {
        return !"dumb".equals(System.getenv().getOrDefault("TERM", "dumb"));
    }

    /** Characters in a line of the result: COLUMNS, or what stty says of the terminal, or {@value #DEFAULT_WIDTH}. */
    static int width() {
        return width(STDOUT);
    }

    /** Characters in a line of the talk, likewise. */
    static int widthOfTalk() {
        return width(STDERR);
    }

    private static int width(int stream) {
        try {
            String columns = System.getenv("COLUMNS");
            return columns != null ? Integer.parseInt(columns.strip()) : is(stream) ? ofTerminal() : DEFAULT_WIDTH;
        } catch (NumberFormatException e) {
            return DEFAULT_WIDTH;
        }
    }

    private static int ofTerminal() {
        try {
            Process stty = new ProcessBuilder("/bin/sh", "-c", "stty size </dev/tty 2>/dev/null").start();
            String answer = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            ended(stty);
            String[] rowsAndColumns = answer.strip().split(" ");
            return rowsAndColumns.length == 2 ? Math.max(40, Integer.parseInt(rowsAndColumns[1])) : DEFAULT_WIDTH;
        } catch (IOException e) {
            return DEFAULT_WIDTH;
        }
    }

    private static boolean is(int stream) {
        try {
            return ended(new ProcessBuilder("/bin/sh", "-c", "test -t " + stream)
                    .inheritIO()
                    .start());
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether it has ended well within a second. */
    private static boolean ended(Process process) {
        try {
            if (process.waitFor(1, TimeUnit.SECONDS)) {
                return process.exitValue() == 0;
            }
            process.destroyForcibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }
}
