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

    @Parameters(arity = "0..1", paramLabel = "STUDY", description = "Id or name of the study (default: the newest).")
    @Nullable
    String study;

    /** The study, once it is in the topics; null while nothing of it is. */
    @Nullable
    StudySnapshot in(ViewModel model) {
        for (StudySummary summary : model.studies()) {
            if (study == null || study.equals(summary.id()) || study.equals(summary.name())) {
                return model.snapshot(summary.id());
            }
        }
        return null;
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
