package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.StudySummary;
import io.couplet.view.model.ViewModel;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** Which of the studies in the topics a command is about: by id, by name, or the newest. */
final class StudySelection {

    /** A study of which nothing came for so long while another went on is left for that one: it has ended, or was only read first. */
    private static final long QUIET_MILLIS = 60_000;

    @Parameters(arity = "0..1", paramLabel = "STUDY", description = "Id or name of the study (default: the newest).")
    @Nullable
    String study;

    private @Nullable String shown;

    /** The study, once it is in the topics; null while nothing of it is. Of several that go on at once it stays with the one it was before. */
    @Nullable
    StudySnapshot in(ViewModel model) {
        List<StudySummary> meant = model.studies().stream()
                .filter(each -> study == null || study.equals(each.id()) || study.equals(each.name()))
                .toList();
        if (meant.isEmpty()) {
            return null;
        }
        StudySummary newest = meant.get(0);
        shown = meant.stream()
                .filter(each -> each.id().equals(shown) && newest.newestMillis() - each.newestMillis() <= QUIET_MILLIS)
                .findFirst()
                .orElse(newest)
                .id();
        return model.snapshot(shown);
    }

    /** The sentence for when it is not there. */
    UserError missing(ViewModel model) {
        List<StudySummary> studies = model.studies();
        if (studies.isEmpty()) {
            return new UserError("There is no study yet: start one with `couplet run`.");
        }
        return new UserError("There is no study " + study + ": there are "
                + studies.stream().map(StudySummary::id).collect(Collectors.joining(", ")) + ".");
    }
}
