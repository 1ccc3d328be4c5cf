package io.couplet.cli.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.couplet.producers.Submission;
import io.couplet.schemas.study.Budget;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.trainer.worker.TrainerSettings;
import io.couplet.trainer.worker.TrainingImages;
import io.couplet.view.model.CellSnapshot;
import io.couplet.view.model.RunStatus;
import io.couplet.view.model.RunSummary;
import io.couplet.view.model.RungScore;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.report.StudyReport;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From end to end: a real broker, real Flink jobs, the stopper, the view and real training. */
class LocalSystemTest {

    private static final int STEPS = 6;
    static final StudySpecification STUDY = study();

    @Test
    void aStudyIsTrainedStreamedScoredAndNotTrainedTwice(@TempDir Path directory) throws Exception {
        TrainingImages images = new TrainingImages(null);
        StudySnapshot first;
        try (DataDirectory data = DataDirectory.take(directory.resolve("data"));
                LocalSystem system = LocalSystem.start(data, settings(), what -> {})) {
            assertThat(RunningSystem.in(data.root())).isPresent();
            Submission.Result submitted = system.train(STUDY, images);
            assertThat(submitted.submitted()).hasSize(4);

            first = awaitScored(system);

            assertThat(system.failure()).isEmpty();
        }
        assertThat(RunningSystem.in(directory.resolve("data"))).isEmpty();
        everyStepIsInTheTopic(first);
        everyCellIsScored(first);
        assertThat(StudyReport.of(first, Instant.EPOCH).json())
                .contains("\"stepsTrained\" : 24", "\"stepsInTopic\" : 24", "\"deadLetters\" : 0");

        try (DataDirectory data = DataDirectory.take(directory.resolve("data"));
                LocalSystem system = LocalSystem.start(data, settings(), what -> {})) {
            Submission.Result again = system.train(STUDY, images);
            assertThat(again.submitted()).isEmpty();
            assertThat(again.alreadyEnded()).hasSize(4);
            StudySnapshot second = awaitScored(system);
            everyStepIsInTheTopic(second);
            assertThat(accuracies(second)).isEqualTo(accuracies(first));
        }
    }

    @Test
    void anInterruptedStudyWaitsUntilItIsAskedForAgainWhateverIsTrainedBetween(@TempDir Path directory)
            throws Exception {
        TrainingImages images = new TrainingImages(null);
        StudySpecification interrupted = STUDY.withName("interrupted").withBudget(new Budget(300, 16));
        try (DataDirectory data = DataDirectory.take(directory.resolve("data"));
                LocalSystem system = LocalSystem.start(data, settings(), what -> {})) {
            system.train(interrupted, images);
            await().atMost(Duration.ofMinutes(2))
                    .until(() -> runs(system.model().snapshot(interrupted.studyId())).stream()
                            .anyMatch(run -> run.step() > 0));
        }

        StudySnapshot between;
        try (DataDirectory data = DataDirectory.take(directory.resolve("data"));
                LocalSystem system = LocalSystem.start(data, settings(), what -> {})) {
            between = Objects.requireNonNull(system.model().snapshot(interrupted.studyId()));
            assertThat(between.summary().finished()).isFalse();
            system.train(STUDY, images);
            everyStepIsInTheTopic(awaitScored(system));
            assertThat(runs(system.model().snapshot(interrupted.studyId()))).isEqualTo(runs(between));
        }

        try (DataDirectory data = DataDirectory.take(directory.resolve("data"));
                LocalSystem system = LocalSystem.start(data, settings(), what -> {})) {
            Submission.Result again = system.train(interrupted, images);
            assertThat(again.alreadyEnded()).hasSize(between.summary().ended());
            StudySnapshot whole = awaitScored(system, interrupted);
            assertThat(runs(whole)).allMatch(run -> run.status() == RunStatus.COMPLETED);
            assertThat(whole.counts().stepsInTopic()).isEqualTo(whole.counts().stepsTrained());
            assertThat(runs(whole)).anyMatch(run -> run.attempt() == 2);
            assertThat(runs(system.model().snapshot(STUDY.studyId()))).allMatch(run -> run.attempt() == 1);
        }
    }

    private static List<RunSummary> runs(@Nullable StudySnapshot study) {
        return study == null
                ? List.of()
                : study.cells().stream().flatMap(cell -> cell.runs().stream()).toList();
    }

    private static StudySnapshot awaitScored(LocalSystem system) {
        return awaitScored(system, STUDY);
    }

    private static StudySnapshot awaitScored(LocalSystem system, StudySpecification study) {
        return await().atMost(Duration.ofMinutes(4))
                .until(
                        () -> system.model().snapshot(study.studyId()),
                        snapshot -> snapshot != null && snapshot.scored());
    }

    private static void everyStepIsInTheTopic(StudySnapshot study) {
        assertThat(runs(study)).hasSize(4).allSatisfy(run -> {
            assertThat(run.status()).isEqualTo(RunStatus.COMPLETED);
            assertThat(run.attempt()).isEqualTo(1);
            assertThat(run.stepsTrained()).isEqualTo(STEPS);
            assertThat(run.stepsInTopic()).isEqualTo(STEPS);
            assertThat(run.duplicates()).isZero();
        });
        assertThat(study.counts().stepsTrained()).isEqualTo(4L * STEPS);
        assertThat(study.counts().stepsInTopic()).isEqualTo(4L * STEPS);
    }

    private static void everyCellIsScored(StudySnapshot study) {
        RungScore last = Objects.requireNonNull(study.scoreAt(2));
        assertThat(last.complete()).isTrue();
        assertThat(study.cells()).hasSize(4).allSatisfy(cell -> {
            assertThat(cell.verdict()).isNotNull();
            assertThat(cell.rungs()).hasSize(2).allSatisfy(value -> {
                assertThat(value.accuracy()).isNotNull();
                assertThat(value.coupling()).isNotNull();
            });
        });
    }

    private static List<Object> accuracies(StudySnapshot study) {
        return study.cells().stream()
                .map(CellSnapshot::rungs)
                .map(Object.class::cast)
                .toList();
    }

    private static LocalSettings settings() {
        return new LocalSettings(TrainerSettings.cpuSlots(2), LocalSettings.Page.local(), "test", null);
    }

    private static StudySpecification study() {
        StudySpecification defaults = StudySpecification.defaults();
        return defaults.withName("end-to-end")
                .withGrid(List.of("vgg", "deit"), List.of("sgd", "adamw"), List.of(0L))
                .withRungs(List.of(0.5, 1.0))
                .withBudget(new Budget(STEPS, 16))
                .withData(defaults.data().withLimit(400));
    }
}
