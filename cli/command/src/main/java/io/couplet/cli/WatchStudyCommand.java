package io.couplet.cli;

import io.couplet.cli.local.KnownFamilies;
import io.couplet.cli.watch.Style;
import io.couplet.cli.watch.TerminalScreen;
import io.couplet.cli.watch.WatchScreen;
import io.couplet.view.LiveView;
import io.couplet.view.http.Access;
import io.couplet.view.model.CurveSketch;
import io.couplet.view.model.Json;
import io.couplet.view.model.RunStatus;
import io.couplet.view.model.RunSummary;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.StudySummary;
import io.couplet.view.model.ViewModel;
import io.couplet.view.report.GridTable;
import io.couplet.view.report.StudyReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code couplet watch}: the live table of a study in the terminal. */
@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        description = "Watch a study in the terminal until all its runs have ended.")
final class WatchStudyCommand implements Callable<Integer> {

    private static final Logger LOG = LoggerFactory.getLogger(WatchStudyCommand.class);
    private static final Duration PAUSE = Duration.ofMillis(500);
    /** Between two looks at the keys. */
    private static final Duration TICK = Duration.ofMillis(100);

    private static final int TICKS_PER_SIZE = 5;
    private static final int SPARK_POINTS = 40;

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Mixin
    StudySelection selection = new StudySelection();

    @Option(
            names = "--json",
            description =
                    "Print a line of JSON whenever something has changed: the study, and the runs under way or newly"
                            + " ended. With --once: the study's state once.")
    boolean json;

    @Option(names = "--once", description = "Print the table once, and end.")
    boolean once;

    @Option(names = "--ascii", description = "Show ASCII only; the default where the locale is not UTF-8.")
    boolean ascii;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (once) {
            ViewModel model = reach.reading(Views::read);
            StudySnapshot study = selection.in(model);
            if (study == null) {
                throw selection.missing(model);
            }
            out.print(
                    json
                            ? StudyReport.of(study, Instant.now(), KnownFamilies.byName())
                                    .json()
                            : GridTable.render(study, Terminal.width()));
            out.flush();
            return 0;
        }
        try (Services.Shutdown shutdown = new Services.Shutdown();
                ScratchDirectory scratch = ScratchDirectory.create("couplet-watch");
                LiveView view = new LiveView(
                        Views.settings(reach.clientProperties(), scratch.path(), "127.0.0.1", 0, Access.OPEN))) {
            view.start();
            if (json) {
                followAsJson(view, shutdown, out);
            } else if (!Terminal.isInteractive() || !followOnScreen(view, shutdown, out)) {
                followAsLines(view, shutdown, out);
            }
        }
        return 0;
    }

    /** The live table on the whole terminal; false when the terminal cannot be had. */
    private boolean followOnScreen(LiveView view, Services.Shutdown shutdown, PrintWriter out)
            throws InterruptedException {
        Style style = Style.of(System.getenv(), ascii);
        StudySnapshot ended;
        try (TerminalScreen screen = TerminalScreen.open(out, System.in)) {
            ended = watch(view, screen, style, shutdown);
        } catch (IOException e) {
            LOG.warn("The terminal cannot be taken over; lines are printed instead", e);
            return false;
        }
        if (ended != null) {
            out.print(GridTable.render(ended, Terminal.width()));
            out.flush();
        }
        return true;
    }

    /** The study when all its runs have ended and are scored; null when somebody quits before. */
    private @Nullable StudySnapshot watch(LiveView view, TerminalScreen screen, Style style, Services.Shutdown shutdown)
            throws InterruptedException {
        ViewModel model = view.model();
        long seen = -1;
        int scrolled = 0;
        int ticks = 0;
        TerminalScreen.Size size = screen.size();
        StudySnapshot study = null;
        StudyEnd end = new StudyEnd();
        List<CurveSketch> curves = List.of();
        do {
            Views.requireReading(view);
            String typed = screen.typed();
            if (typed.contains("q") || typed.contains("\u0003")) {
                return null;
            }
            TerminalScreen.Size now = ticks++ % TICKS_PER_SIZE == 0 ? screen.size() : size;
            boolean fresh = model.version() != seen;
            if (fresh) {
                seen = model.version();
                study = selection.in(model);
                List<CurveSketch> sketches =
                        study == null ? null : model.sketches(study.summary().id(), SPARK_POINTS);
                curves = sketches == null ? List.of() : sketches;
            }
            int next = scrolled(scrolled, typed, now.rows(), WatchScreen.mostScrolled(study, now.rows()));
            if (fresh || next != scrolled || !now.equals(size)) {
                screen.show(WatchScreen.of(study, curves, now.columns(), now.rows(), style, next));
            }
            scrolled = next;
            size = now;
            if (study != null && end.isReached(study, System.nanoTime())) {
                return study;
            }
        } while (!shutdown.asked(TICK));
        return null;
    }

    /** Arrows and page keys as terminals send them, and vi's letters. */
    private static int scrolled(int before, String typed, int page, int most) {
        int by = count(typed, "\u001b[B") + count(typed, "j") - count(typed, "\u001b[A") - count(typed, "k");
        by += page / 2 * (count(typed, "\u001b[6~") + count(typed, " ") - count(typed, "\u001b[5~"));
        return Math.max(0, Math.min(most, before + by));
    }

    private static int count(String text, String part) {
        return (text.length() - text.replace(part, "").length()) / part.length();
    }

    /**
     * A line of JSON.
     *
     * @param study the study in one line
     * @param runs runs under way, and runs that have ended since the line before
     */
    record WatchLine(StudySummary study, List<RunSummary> runs) {}

    private void followAsJson(LiveView view, Services.Shutdown shutdown, PrintWriter out) throws InterruptedException {
        ViewModel model = view.model();
        long seen = -1;
        Set<String> ended = new HashSet<>();
        StudyEnd end = new StudyEnd();
        StudySnapshot study = null;
        while (!shutdown.asked(PAUSE) && !out.checkError()) { // a reader that has gone wants no more
            Views.requireReading(view);
            if (model.version() != seen) {
                seen = model.version();
                study = selection.in(model);
                if (study != null) {
                    out.println(line(study, ended));
                }
            }
            if (study != null && end.isReached(study, System.nanoTime())) {
                return;
            }
        }
    }

    /** @param ended runs that were told to have ended, with their attempts; grows */
    private static String line(StudySnapshot study, Set<String> ended) {
        List<RunSummary> runs = study.cells().stream()
                .flatMap(cell -> cell.runs().stream())
                .filter(run -> run.status().ended()
                        ? ended.add(run.runId() + run.attempt())
                        : run.status() == RunStatus.RUNNING)
                .toList();
        return Json.line(new WatchLine(study.summary(), runs));
    }

    private void followAsLines(LiveView view, Services.Shutdown shutdown, PrintWriter out) throws InterruptedException {
        ViewModel model = view.model();
        RunProgress progress = new RunProgress(out, false, Terminal::width);
        long seen = -1;
        StudyEnd end = new StudyEnd();
        StudySnapshot study = null;
        while (!shutdown.asked(PAUSE) && !out.checkError()) {
            Views.requireReading(view);
            if (model.version() != seen) {
                seen = model.version();
                study = selection.in(model);
                if (study != null) {
                    progress.show(study, System.currentTimeMillis());
                }
            }
            if (study != null && end.isReached(study, System.nanoTime())) {
                out.print(GridTable.render(study, Terminal.width()));
                out.flush();
                return;
            }
        }
    }
}
