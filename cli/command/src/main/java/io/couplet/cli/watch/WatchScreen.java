package io.couplet.cli.watch;

import io.couplet.view.model.CellSnapshot;
import io.couplet.view.model.CurveSketch;
import io.couplet.view.model.RunStatus;
import io.couplet.view.model.RunSummary;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.StudySummary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A study as lines that fill a terminal and never more: what is under way first, then what ended last, then what waits. */
public final class WatchScreen {

    private static final int RED = 31;
    private static final int GREEN = 32;
    private static final int YELLOW = 33;
    private static final int GREY = 90;
    private static final int BOLD = 1;
    /** Beside the rows: two lines of summary, the head of the table, the foot. */
    private static final int OTHER_LINES = 4;

    private static final int LEAST_SPARK = 6;
    private static final int MOST_SPARK = 40;

    private final StudySnapshot study;
    private final Map<String, double[]> losses = new HashMap<>();
    private final int width;
    private final int height;
    private final Style style;

    private WatchScreen(StudySnapshot study, List<CurveSketch> curves, int width, int height, Style style) {
        this.study = study;
        this.width = width;
        this.height = height;
        this.style = style;
        curves.forEach(curve -> losses.put(curve.runId(), curve.loss()));
    }

    /**
     * The lines.
     *
     * @param study null while there is none
     * @param curves a few points of each run's loss; a run without has no sparkline
     * @param scrolled rows of the table that are scrolled away at its top; more than there are show the last page
     */
    public static List<String> of(
            @Nullable StudySnapshot study, List<CurveSketch> curves, int width, int height, Style style, int scrolled) {
        if (study == null) {
            return List.of(
                    cut(
                            "No study to show yet: start one with `couplet run`, or wait for its first record.",
                            width,
                            style),
                    cut("q quits.", width, style));
        }
        return new WatchScreen(study, curves, width, height, style).lines(scrolled);
    }

    /** How far a table can be scrolled. */
    public static int mostScrolled(@Nullable StudySnapshot study, int height) {
        int runs = study == null
                ? 0
                : study.cells().stream().mapToInt(cell -> cell.runs().size()).sum();
        return Math.max(0, runs - Math.max(1, height - OTHER_LINES));
    }

    /** A run and the cell it belongs to. */
    private record Row(CellSnapshot cell, RunSummary run) {}

    private List<String> lines(int scrolled) {
        List<Row> rows = rows();
        int page = Math.max(1, height - OTHER_LINES);
        int first = Math.max(0, Math.min(scrolled, rows.size() - page));
        List<Row> shown = rows.subList(first, Math.min(rows.size(), first + page));
        List<String> lines = new ArrayList<>();
        lines.add(style.coloured(cut(title(study.summary()), width, style), BOLD));
        lines.add(cut(books(study.summary()), width, style));
        lines.add(style.coloured(cut(columns().head(), width, style), GREY));
        shown.forEach(row -> lines.add(columns().line(row)));
        while (lines.size() < height - 1) {
            lines.add("");
        }
        lines.add(style.coloured(cut(foot(rows, first, shown.size()), width, style), GREY));
        return lines.size() <= height ? lines : lines.subList(0, Math.max(1, height));
    }

    private List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        study.cells().forEach(cell -> cell.runs().forEach(run -> rows.add(new Row(cell, run))));
        rows.sort(Comparator.comparingInt((Row row) -> rank(row.run().status()))
                .thenComparing(row -> row.run().status().ended() ? -row.run().newestMillis() : 0L)
                .thenComparing(row -> row.run().runId()));
        return rows;
    }

    private static int rank(RunStatus status) {
        return status == RunStatus.RUNNING ? 0 : status.ended() ? 1 : 2;
    }

    private String title(StudySummary summary) {
        return String.format(
                Locale.ROOT,
                "%s  %s %.0f %%  %d of %d runs ended%s",
                summary.id(),
                bar(summary.progress(), 10),
                summary.progress() * 100,
                summary.ended(),
                summary.runsExpected(),
                summary.etaSeconds() == null ? "" : ", ETA " + clock(summary.etaSeconds()));
    }

    private String bar(double share, int length) {
        int done = (int) Math.round(Math.max(0, Math.min(1, share)) * length);
        return (style.unicode() ? "█" : "#").repeat(done) + (style.unicode() ? "░" : "-").repeat(length - done);
    }

    /** How many runs are in which state, those that some are in. */
    private static String books(StudySummary summary) {
        Map<String, Integer> states = new LinkedHashMap<>();
        states.put("running", summary.running());
        states.put("waiting", summary.waiting());
        states.put("completed", summary.completed());
        states.put("stopped", summary.stopped());
        states.put("paused", summary.paused());
        states.put("diverged", summary.diverged());
        states.put("failed", summary.failed());
        return states.entrySet().stream()
                        .filter(state -> state.getValue() > 0)
                        .map(state -> state.getValue() + " " + state.getKey() + "  ")
                        .collect(Collectors.joining())
                + "device "
                + clock(summary.deviceSeconds());
    }

    private String foot(List<Row> rows, int first, int shown) {
        List<Row> hidden = new ArrayList<>(rows.subList(0, first));
        hidden.addAll(rows.subList(first + shown, rows.size()));
        String keys = "q quits" + (hidden.isEmpty() ? "" : style.unicode() ? "  ↑↓ scroll" : "  j/k scroll");
        if (hidden.isEmpty()) {
            return keys;
        }
        Map<String, Long> states = hidden.stream()
                .collect(Collectors.groupingBy(row -> row.run().status().label(), TreeMap::new, Collectors.counting()));
        return keys + "  " + hidden.size() + " more: "
                + states.entrySet().stream()
                        .map(entry -> entry.getValue() + " " + entry.getKey())
                        .collect(Collectors.joining(", "));
    }

    private Columns columns() {
        int state = width >= 60 ? 9 : 1;
        int steps = width >= 72 ? 11 : 0;
        int time = width >= 100 ? 6 : 0;
        int speed = width >= 110 ? 8 : 0;
        int fixed = state + 1 + 5 + 8 + (width >= 50 ? 8 : 0) + (steps + 1) + (time + 1) + (speed + 1);
        int left = Math.max(0, width - fixed);
        int longest = rows().stream().mapToInt(row -> name(row).length()).max().orElse(10);
        int spark = Math.max(LEAST_SPARK, Math.min(MOST_SPARK, left - longest - 1));
        int name = Math.max(8, Math.min(longest, left - spark - 1));
        return new Columns(state, name, steps, spark, width >= 50, time, speed);
    }

    private String name(Row row) {
        String point =
                row.run().hyperparameterPoint() == 0 ? "" : " h" + row.run().hyperparameterPoint();
        return row.cell().backbone() + style.times() + row.cell().optimizer() + " s"
                + row.run().seed() + point;
    }

    /** How wide each column is; 0 leaves it out. */
    private final class Columns {
        private final int state;
        private final int name;
        private final int steps;
        private final int spark;
        private final boolean accuracy;
        private final int time;
        private final int speed;

        Columns(int state, int name, int steps, int spark, boolean accuracy, int time, int speed) {
            this.state = state;
            this.name = name;
            this.steps = steps;
            this.spark = spark;
            this.accuracy = accuracy;
            this.time = time;
            this.speed = speed;
        }

        String head() {
            return row("state", "pairing", "done", "step", "loss", "", "top-1", "ETA", "ms/step", 0);
        }

        String line(Row row) {
            RunSummary run = row.run();
            boolean running = run.status() == RunStatus.RUNNING;
            double share = run.budgetSteps() == 0 ? 0 : (double) run.step() / run.budgetSteps();
            return row(
                    run.status().label(),
                    WatchScreen.this.name(row),
                    run.step() == 0 && !running ? "" : String.format(Locale.ROOT, "%.0f %%", share * 100),
                    run.step() == 0 && !running ? "" : run.step() + "/" + run.budgetSteps(),
                    run.loss() == null ? "" : loss(run.loss()),
                    Sparkline.of(losses.getOrDefault(run.runId(), new double[0]), spark, style.unicode()),
                    run.accuracy() == null ? "" : String.format(Locale.ROOT, "%.1f %%", run.accuracy() * 100),
                    run.etaSeconds() == null ? "" : clock(run.etaSeconds()),
                    !running || run.secondsPerStep() == null
                            ? ""
                            : String.format(Locale.ROOT, "%.1f", run.secondsPerStep() * 1000),
                    colour(run.status()));
        }

        private String row(
                String status,
                String pairing,
                String done,
                String step,
                String loss,
                String curve,
                String top1,
                String eta,
                String millis,
                int colour) {
            StringBuilder line = new StringBuilder();
            String padded = left(cut(state == 1 ? status.substring(0, 1) : status, state, style), state);
            line.append(colour == 0 ? padded : style.coloured(padded, colour)).append(' ');
            line.append(left(cut(pairing, name, style), name));
            line.append(right(done, 6));
            if (steps > 0) {
                line.append(right(step, steps + 1));
            }
            line.append(right(loss, 7)).append(' ');
            line.append(left(curve, spark));
            if (accuracy) {
                line.append(right(top1, 8));
            }
            if (time > 0) {
                line.append(right(eta, time + 1));
            }
            if (speed > 0) {
                line.append(right(millis, speed + 1));
            }
            return line.toString().stripTrailing();
        }
    }

    private static int colour(RunStatus status) {
        return switch (status.label()) {
            case "running" -> GREEN;
            case "diverged", "failed" -> RED;
            case "stopped" -> YELLOW;
            case "waiting" -> GREY;
            default -> 0;
        };
    }

    private static String loss(double loss) {
        if (!Double.isFinite(loss)) {
            return Double.toString(loss).substring(0, 3);
        }
        return Math.abs(loss) < 1000
                ? String.format(Locale.ROOT, "%.3f", loss)
                : String.format(Locale.ROOT, "%.0e", loss);
    }

    private static String clock(double seconds) {
        long whole = Math.round(seconds);
        return whole < 3600
                ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%dh%02d", whole / 3600, whole / 60 % 60);
    }

    private static String left(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    private static String right(String text, int width) {
        return " ".repeat(Math.max(1, width - text.length())) + text;
    }

    /** Everything that records say goes through here. */
    private static String cut(String given, int width, Style style) {
        String text = PrintableWriter.oneLine(given);
        if (text.length() <= width) {
            return text;
        }
        String more = style.more();
        return width <= more.length()
                ? text.substring(0, Math.max(0, width))
                : text.substring(0, width - more.length()) + more;
    }
}
