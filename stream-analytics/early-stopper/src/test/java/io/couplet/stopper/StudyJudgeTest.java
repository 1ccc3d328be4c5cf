package io.couplet.stopper;

import static io.couplet.stopper.Records.BEGIN;
import static io.couplet.stopper.StudyRecords.evaluation;
import static io.couplet.stopper.StudyRecords.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.scores.stopping.Curve.Point;
import io.couplet.scores.stopping.Curve.State;
import io.couplet.stopper.Records.Sent;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the records of one run leave of it for its cohort. */
class StudyJudgeTest {

    private static final RunId RUN = run("deit", "sgd");

    private final Map<String, StudyRun> known = new HashMap<>();
    private long offset;

    private StudyRun after(Sent... records) {
        for (Sent sent : records) {
            StudyInput input = StudyInput.read(sent.topic(), Objects.requireNonNull(sent.value()));
            known.putAll(StudyJudge.judge(null, known, input, new Origin(sent.topic(), 0, offset++), BEGIN)
                    .changed());
        }
        return Objects.requireNonNull(known.get(RUN.toString()));
    }

    /** An order, or too many deaths of its trainers, came before its next attempt began: its peers are still to be compared with what it had. */
    @ParameterizedTest
    @EnumSource(names = {"STOPPED", "DIVERGED", "FAILED"})
    void anAttemptThatEndedBeforeItBeganTakesNoValueBack(RunEventKind ending) {
        StudyRun run = after(
                Records.event(RUN, 1, RunEventKind.STARTED, 0),
                evaluation(RUN, 1, 1),
                evaluation(RUN, 1, 2),
                Records.event(RUN, 2, ending, 0));

        assertThat(run.points()).extracting(Point::rung).containsExactly(1, 2);
        assertThat(run.state()).isEqualTo(State.ENDED);
        assertThat(run.attempt()).isEqualTo(2);
    }

    @Test
    void anAttemptThatBeginsAnewTakesBackWhatIsToComeAgain() {
        StudyRun run = after(
                Records.event(RUN, 1, RunEventKind.STARTED, 0),
                evaluation(RUN, 1, 1),
                Records.event(RUN, 2, RunEventKind.STARTED, 0));

        assertThat(run.points()).isEmpty();
    }
}
