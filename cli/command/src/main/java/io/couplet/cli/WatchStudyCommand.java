package io.couplet.cli;

import io.couplet.cli.local.KnownFamilies;
import io.couplet.view.LiveView;
import io.couplet.view.http.Access;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import io.couplet.view.report.GridTable;
import io.couplet.view.report.StudyReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
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

    private static final Duration PAUSE = Duration.ofMillis(500);

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Mixin
    StudySelection selection = new StudySelection();

    @Option(names = "--json", description = "Print the study's state as JSON once, and end.")
    boolean json;

    @Option(names = "--once", description = "Print the table once, and end.")
    boolean once;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (json || once) {
            ViewModel model = Views.read(reach.clientProperties());
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
            follow(view.model(), new RunProgress(out, RunProgress.onTerminal()), shutdown, out);
        }
        return 0;
    }

    private void follow(ViewModel model, RunProgress progress, Services.Shutdown shutdown, PrintWriter out)
            throws InterruptedException {
        long seen = -1;
        while (!shutdown.asked(PAUSE)) {
            if (model.version() == seen) {
                continue;
            }
            seen = model.version();
            StudySnapshot study = selection.in(model);
            if (study != null) {
                progress.show(study, System.currentTimeMillis());
                if (study.scored()) {
                    progress.erase();
                    out.print(GridTable.render(study, Terminal.width()));
                    out.flush();
                    return;
                }
            }
        }
        progress.erase();
    }
}
