package io.couplet.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** What the terminal is like. */
final class Terminal {

    private static final int DEFAULT_WIDTH = 120;

    private Terminal() {}

    /** Characters in a line: COLUMNS, or what stty says of the terminal, or {@value #DEFAULT_WIDTH}. */
    static int width() {
        try {
            String columns = System.getenv("COLUMNS");
            return columns != null ? Integer.parseInt(columns.strip()) : ofTerminal();
        } catch (NumberFormatException e) {
            return DEFAULT_WIDTH;
        }
    }

    private static int ofTerminal() {
        if (System.console() == null) {
            return DEFAULT_WIDTH;
        }
        try {
            Process stty = new ProcessBuilder("/bin/sh", "-c", "stty size </dev/tty 2>/dev/null").start();
            String answer = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            if (!stty.waitFor(1, TimeUnit.SECONDS)) {
                stty.destroyForcibly();
            }
            String[] rowsAndColumns = answer.strip().split(" ");
            return rowsAndColumns.length == 2 ? Math.max(40, Integer.parseInt(rowsAndColumns[1])) : DEFAULT_WIDTH;
        } catch (IOException e) {
            return DEFAULT_WIDTH;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return DEFAULT_WIDTH;
        }
    }
}
