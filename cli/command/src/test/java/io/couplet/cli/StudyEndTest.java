package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.avro.RunEventKind;
import org.junit.jupiter.api.Test;

class StudyEndTest {

    private static final long TIME_FOR_SCORES = StudyEnd.TIME_FOR_SCORES.toNanos();

    private final StudyEnd end = new StudyEnd();

    @Test
    void aStudyThatNobodyRequestedIsOverSomeSecondsAfterItsRuns() {
        MadeStudy tailed = new MadeStudy().event(RunEventKind.STARTED, 2);
        assertThat(end.isReached(tailed.snapshot(), 0)).isFalse();
        tailed.event(RunEventKind.COMPLETED, 1);
        assertThat(end.isReached(tailed.snapshot(), 1)).isFalse();
        tailed.event(RunEventKind.STOPPED, 2);
        assertThat(end.isReached(tailed.snapshot(), 10)).isFalse();
        assertThat(end.isReached(tailed.snapshot(), 9 + TIME_FOR_SCORES)).isFalse();
        assertThat(end.isReached(tailed.snapshot(), 10 + TIME_FOR_SCORES)).isTrue();
    }

    @Test
    void aStudyThatGoesOnMeanwhileIsNotOver() {
        MadeStudy tailed = new MadeStudy().event(RunEventKind.COMPLETED, 1);
        assertThat(end.isReached(tailed.snapshot(), 0)).isFalse();
        tailed.event(RunEventKind.STARTED, 2);
        assertThat(end.isReached(tailed.snapshot(), TIME_FOR_SCORES)).isFalse();
        tailed.event(RunEventKind.COMPLETED, 2);
        assertThat(end.isReached(tailed.snapshot(), TIME_FOR_SCORES + 1)).isFalse();
    }

    @Test
    void aRequestedStudyIsOverWhenItIsScored() {
        MadeStudy study = new MadeStudy().requested().event(RunEventKind.COMPLETED, 32);
        assertThat(study.snapshot().summary().finished()).isTrue();
        assertThat(end.isReached(study.snapshot(), 0)).isFalse();
        assertThat(end.isReached(study.snapshot(), 2 * TIME_FOR_SCORES)).isFalse();
    }
}
