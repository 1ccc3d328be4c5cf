package io.couplet.cli;

import io.couplet.cli.watch.PrintableWriter;
import io.couplet.view.model.CellSnapshot;
import io.couplet.view.model.RunStatus;
import io.couplet.view.model.RunSummary;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.StudySummary;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How a study goes on, for people: a line for every run that ends, and one for every run under way. On a terminal the
 * latter are written over in place; elsewhere they are repeated every few seconds.
 */
final class RunProgress {

    private static final int BAR = 20;
    private static final int MOST_RUNNING = 16;
    private static final long QUIET_MILLIS = 10_000;
    private static final long WIDTH_MILLIS = 2_000;

    private final PrintableWriter out;
    private final boolean terminal;
    private final IntSupplier width;
    private final Map<String, RunStatus> told = new HashMap<>();
    private int linesToErase;
    private long lastMillis;
    private int columns;
    private long widthMillis;

    /**
     * A progress that has shown nothing yet.
     *
     * @param terminal whether lines can be written over there
     * @param width characters in a line of the terminal; asked for every two seconds
     */
    RunProgress(PrintWriter out, boolean terminal, IntSupplier width) {
        this.out = PrintableWriter.over(out);
        this.terminal = terminal;
        this.width = width;
    }

    /** Shows the newest state; {@code nowMillis} only decides whether it is time to repeat the lines. */
    void show(StudySnapshot study, long nowMillis) {
        List<String> ended = new ArrayList<>();
        List<String> running = new ArrayList<>();
        for (CellSnapshot cell : study.cells()) {
            for (RunSummary run : cell.runs()) {
                RunStatus before = told.put(run.runId(), run.status());
                if (run.status().ended() && (before == null || !before.ended())) {
                    ended.add(PrintableWriter.oneLine(endedLine(cell, run)));
                } else if (run.status() == RunStatus.RUNNING) {
                    running.add(PrintableWriter.oneLine(runningLine(cell, run)));
                }
            }
        }
        erase();
        ended.forEach(out::println);
        if (terminal) {
            overwritten(summaryLine(study.summary()), running, nowMillis).forEach(out::println);
        } else if (nowMillis - lastMillis >= QUIET_MILLIS && !running.isEmpty()) {
            lastMillis = nowMillis;
            out.println(summaryLine(study.summary()));
            running.forEach(out::println);
        }
        out.flush();
    }

    /** The lines that are taken away again: each in one row of the terminal, and so few that the cursor can go back to the first. */
    private List<String> overwritten(String summary, List<String> running, long nowMillis) {
        if (nowMillis - widthMillis >= WIDTH_MILLIS) {
            widthMillis = nowMillis;
            columns = width.getAsInt();
        }
        List<String> lines = new ArrayList<>();
        lines.add(summary);
        lines.addAll(running.subList(0, Math.min(running.size(), MOST_RUNNING)));
        if (running.size() > MOST_RUNNING) {
            lines.add("  and " + (running.size() - MOST_RUNNING) + " more");
        }
        linesToErase = lines.size();
        return lines.stream()
                .map(line -> line.length() < columns ? line : line.substring(0, Math.max(0, columns - 1)))
                .toList();
    }

    /** Takes the lines of running runs away. */
    void erase() {
        if (linesToErase > 0) {
            out.control("\u001b[" + linesToErase + "A\u001b[J");
            out.flush();
            linesToErase = 0;
        }
    }

    private static String summaryLine(StudySummary study) {
        return String.format(
                Locale.ROOT,
                "%d of %d runs ended, %d under way, %.0f %% of the steps done%s",
                study.ended(),
                study.runsExpected(),
                study.running(),
                study.progress() * 100,
                eta(study.etaSeconds()));
    }

    private static String runningLine(CellSnapshot cell, RunSummary run) {
        // A foreign log may say more steps than it has.
        long share = run.budgetSteps() == 0 ? 0 : (long) BAR * run.step() / run.budgetSteps();
        int done = (int) Math.max(0, Math.min(BAR, share));
        return String.format(
                        Locale.ROOT,
                        "  %-28s [%s%s] %d/%d%s%s%s%s",
                        name(cell, run),
                        "#".repeat(done),
                        "-".repeat(BAR - done),
                        run.step(),
                        run.budgetSteps(),
                        run.loss() == null ? "" : String.format(Locale.ROOT, "  loss %.3f", run.loss()),
                        accuracy(run.accuracy()),
                        run.secondsPerStep() == null
                                ? ""
                                : String.format(Locale.ROOT, "  %.0f ms/step", run.secondsPerStep() * 1000),
                        eta(run.etaSeconds()))
                .stripTrailing();
    }

    private static String endedLine(CellSnapshot cell, RunSummary run) {
        return String.format(
                        Locale.ROOT,
                        "%-9s %-28s%s  %d steps, %.1f s%s",
                        run.status().label(),
                        name(cell, run),
                        accuracy(run.accuracy()),
                        run.step(),
                        run.deviceSeconds(),
                        run.reason() == null ? "" : "  " + run.reason())
                .stripTrailing();
    }

    private static String name(CellSnapshot cell, RunSummary run) {
        String point = run.hyperparameterPoint() == 0 ? "" : " h" + run.hyperparameterPoint();
        return cell.backbone() + " × " + cell.optimizer() + "  s" + run.seed() + point;
    }

    private static String accuracy(@Nullable Double accuracy) {
        return accuracy == null ? "" : String.format(Locale.ROOT, "  top-1 %.1f %%", accuracy * 100);
    }

    private static String eta(@Nullable Double seconds) {
        if (seconds == null) {
            return "";
        }
        long whole = Math.round(seconds);
        return String.format(Locale.ROOT, ", ETA %d:%02d", whole / 60, whole % 60);
    }
}
