package io.couplet.view.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.CouplingScore;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.avro.StudyScore;
import io.couplet.schemas.study.KnownNames;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.view.DemoLog;
import io.couplet.view.DemoRecords;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ViewModelTest {

    private static final DemoRecords.Shape SMALL = DemoRecords.small();
    private static final String RUN = "study-3fa2c1.vgg.sgd.s0.a0b1c2";

    private long offset;

    @Test
    void withoutRecordsThereIsNothingAndNothingBreaks() {
        ViewModel model = new ViewModel();

        assertThat(model.studies()).isEmpty();
        assertThat(model.snapshot("none-000000")).isNull();
        assertThat(model.run("none", 10)).isNull();
    }

    @Test
    void aFinishedStudyShowsEveryCellAndBalancedBooks() {
        StudySnapshot study = snapshot(DemoLog.of(SMALL).into(new ViewModel()));

        assertThat(study.summary().finished()).isTrue();
        assertThat(study.scored()).isTrue();
        assertThat(study.reportRung()).isEqualTo(SMALL.rungs());
        assertThat(study.cells()).hasSize(12).allSatisfy(cell -> {
            assertThat(cell.runs()).hasSize(SMALL.seeds());
            assertThat(cell.at(SMALL.rungs())).isNotNull();
            assertThat(cell.progress()).isEqualTo(1);
        });
        assertThat(study.summary().diverged()).isEqualTo(1);
        assertThat(study.decisions()).singleElement().satisfies(decision -> {
            assertThat(decision.acknowledged()).isTrue();
            assertThat(decision.rule()).isEqualTo("divergence");
        });
        assertThat(study.counts().stepsInTopic())
                .isEqualTo(study.counts().stepsTrained())
                .isPositive();
        assertThat(study.counts().runsThatDiffer()).isZero();
    }

    @Test
    void replayEqualsLiveHoweverTheTopicsInterleave() {
        DemoLog log = DemoLog.of(SMALL);
        String live = Json.line(snapshot(log.into(new ViewModel())));

        for (long seed = 0; seed < 5; seed++) {
            ViewModel replayed = new ViewModel();
            log.interleaved(seed).forEach(entry -> replayed.apply(entry.origin(), entry.record()));
            assertThat(Json.line(snapshot(replayed))).isEqualTo(live);
        }
    }

    @Test
    void aPositionDeliveredTwiceCountsOnce() {
        DemoLog log = DemoLog.of(SMALL);
        ViewModel model = log.into(new ViewModel());
        String once = Json.line(snapshot(model));

        assertThat(log.entries()).noneMatch(entry -> model.apply(entry.origin(), entry.record()));
        assertThat(Json.line(snapshot(model))).isEqualTo(once);
    }

    @Test
    void stepsSentTwiceAreCountedAsDuplicatesAndChangeNothingElse() {
        DemoLog log = DemoLog.of(SMALL);
        long before = snapshot(log.into(new ViewModel())).counts().stepsInTopic();
        List<SpecificRecord> again = new ArrayList<>();
        log.entries().stream()
                .map(DemoLog.Entry::record)
                .filter(StepMetrics.class::isInstance)
                .limit(40)
                .forEach(again::add);
        again.forEach(record -> log.append(Topics.STEP_METRICS.name(), record));

        StudyCounts counts = snapshot(log.into(new ViewModel())).counts();
        assertThat(counts.stepsInTopic()).isEqualTo(before);
        assertThat(counts.duplicates()).isEqualTo(40);
    }

    @Test
    void aLaterAttemptSupersedesTheEarlierOneFromWhereItTookUp() {
        DemoLog log = new DemoLog();
        String run = "study-3fa2c1.vgg.sgd.s0.a0b1c2";
        log.append(Topics.RUN_EVENTS.name(), event(run, 1, RunEventKind.STARTED, 0, 0));
        for (int step = 1; step <= 20; step++) {
            log.append(Topics.STEP_METRICS.name(), step(run, 1, step, 2));
        }
        log.append(Topics.RUN_EVENTS.name(), event(run, 2, RunEventKind.RESUMED, 10, 0));
        for (int step = 11; step <= 30; step++) {
            log.append(Topics.STEP_METRICS.name(), step(run, 2, step, 1));
        }
        log.append(Topics.RUN_EVENTS.name(), event(run, 2, RunEventKind.COMPLETED, 10, 20));
        ViewModel model = log.into(new ViewModel());

        RunSnapshot shown = Objects.requireNonNull(model.run(run, 100));
        assertThat(shown.curve().step()).hasSize(30).isSorted();
        assertThat(shown.curve().loss()[9]).isEqualTo(2);
        assertThat(shown.curve().loss()[10]).isEqualTo(1);
        assertThat(shown.summary().status()).isEqualTo(RunStatus.COMPLETED);
        assertThat(shown.summary().stepsInTopic()).isEqualTo(40);
        assertThat(shown.summary().stepsTrained()).isEqualTo(40);
        assertThat(shown.summary().attemptsWithoutEnding()).isEqualTo(1);
        assertThat(shown.attempts()).hasSize(2);
    }

    /** A trainer died, and an order to stop reached the next attempt before its first step; the score is made of the steps of the first. */
    @Test
    void anAttemptThatEndedBeforeItsFirstStepTakesNothingOver() {
        DemoLog log = new DemoLog();
        String run = "study-3fa2c1.vgg.sgd.s0.a0b1c2";
        log.append(Topics.RUN_EVENTS.name(), event(run, 1, RunEventKind.STARTED, 0, 0));
        for (int step = 1; step <= 20; step++) {
            log.append(Topics.STEP_METRICS.name(), step(run, 1, step, 2));
        }
        log.append(Topics.RUN_EVENTS.name(), event(run, 2, RunEventKind.STARTED, 0, 0));
        log.append(Topics.RUN_EVENTS.name(), event(run, 2, RunEventKind.STOPPED, 0, 0));

        RunSnapshot shown = Objects.requireNonNull(log.into(new ViewModel()).run(run, 100));
        assertThat(shown.summary().status()).isEqualTo(RunStatus.STOPPED);
        assertThat(shown.summary().step()).isEqualTo(20);
        assertThat(shown.summary().loss()).isNotNull();
        assertThat(shown.curve().step()).hasSize(20);
        assertThat(shown.summary().attempt()).isEqualTo(2);
    }

    /** The same, but there was a checkpoint; the steps beyond it stay the run's until somebody trains them anew. */
    @ParameterizedTest
    @EnumSource(names = {"STOPPED", "DIVERGED", "FAILED"})
    void anAttemptThatEndedWhereItTookUpTakesNothingOver(RunEventKind ending) {
        DemoLog log = new DemoLog();
        log.append(Topics.RUN_EVENTS.name(), event(RUN, 1, RunEventKind.STARTED, 0, 0));
        for (int step = 1; step <= 20; step++) {
            log.append(Topics.STEP_METRICS.name(), step(RUN, 1, step, 2));
        }
        log.append(Topics.RUN_EVENTS.name(), event(RUN, 2, RunEventKind.RESUMED, 10, 0));
        log.append(Topics.RUN_EVENTS.name(), event(RUN, 2, ending, 10, 0));

        RunSnapshot shown = Objects.requireNonNull(log.into(new ViewModel()).run(RUN, 100));
        assertThat(shown.summary().step()).isEqualTo(20);
        assertThat(shown.summary().loss()).isNotNull();
        assertThat(shown.curve().step()).hasSize(20);
        assertThat(shown.summary().status().name()).isEqualTo(ending.name());
        assertThat(shown.summary().attempt()).isEqualTo(2);
    }

    @Test
    void aDeltaHoldsTheCellsThatChangedAndNoOthers() {
        DemoLog log = DemoLog.of(SMALL);
        ViewModel model = log.into(new ViewModel());
        long before = model.version();
        String run = SMALL.studyId() + ".vgg.sgd.s0.a0b1c2";
        model.apply(new ViewModel.Origin(Topics.STEP_METRICS.name(), 300, 0), step(run, 1, 64, 1));

        StudySnapshot delta = Objects.requireNonNull(model.study(SMALL.studyId(), before));
        assertThat(delta.cells()).singleElement().satisfies(cell -> {
            assertThat(cell.backbone()).isEqualTo("vgg");
            assertThat(cell.optimizer()).isEqualTo("sgd");
        });
        assertThat(delta.rungScores()).isNull();
        assertThat(delta.decisions()).isNull();
        assertThat(delta.decisionsTotal()).isEqualTo(snapshot(model).decisionsTotal());
    }

    @Test
    void aDeltaHoldsTheDecisionsWhenOneWasMadeOrAcknowledged() {
        DemoLog log = DemoLog.of(SMALL);
        ViewModel model = new ViewModel();
        for (DemoLog.Entry entry : log.entries()) {
            long before = model.version();
            model.apply(entry.origin(), entry.record());
            StudySnapshot delta = model.study(SMALL.studyId(), before);
            boolean decides = entry.record() instanceof RunCommand
                    || (entry.record() instanceof RunEvent event && event.getCommandId() != null);
            assertThat(delta == null ? null : delta.decisions())
                    .matches(decisions -> (decisions != null) == decides, entry.toString());
        }
        assertThat(snapshot(model).decisions()).singleElement().matches(Decision::acknowledged);
    }

    @Test
    void aRecordWithARunIdNobodyCanReadIsCountedAndTheRestGoesOn() {
        ViewModel model = DemoLog.of(SMALL).into(new ViewModel());
        model.apply(new ViewModel.Origin(Topics.STEP_METRICS.name(), 300, 0), step("<b>no run</b>", 1, 1, 1));
        model.deadLetter(new ViewModel.Origin(Topics.DEAD_LETTERS, 0, 0), SMALL.studyId() + ".vgg.sgd.s0.a0b1c2");
        model.deadLetter(new ViewModel.Origin(Topics.DEAD_LETTERS, 0, 1), null);

        StudyCounts counts = snapshot(model).counts();
        assertThat(counts.unreadable()).isEqualTo(1);
        assertThat(counts.deadLetters()).isEqualTo(2);
        assertThat(counts.deadLettersOfStudy()).isEqualTo(1);
    }

    @Test
    void whileRunsGoOnTheReportIsAboutTheHighestRungThatEveryCellHasReached() {
        DemoRecords.Shape half =
                new DemoRecords.Shape("half", List.of("vgg", "resnet"), List.of("sgd", "adamw"), 1, 64, 4, 0.5, 1);
        StudySnapshot study =
                Objects.requireNonNull(DemoLog.of(half).into(new ViewModel()).snapshot(half.studyId()));

        assertThat(study.summary().finished()).isFalse();
        assertThat(study.scored()).isFalse();
        assertThat(study.summary().running()).isEqualTo(1);
        assertThat(study.summary().etaSeconds()).isPositive();
    }

    @Test
    void aStudyOfOneBackboneIsScoredThoughItHasNoCoupling() {
        DemoRecords.Shape row = new DemoRecords.Shape("row", List.of("vgg"), List.of("sgd", "adamw"), 1, 64, 4, 1, 0);
        ViewModel model = new ViewModel();
        DemoLog.of(row)
                .entries()
                .forEach(entry -> model.apply(
                        entry.origin(),
                        entry.record() instanceof StudyScore score
                                ? StudyScore.newBuilder(score)
                                        .setTooFew("A coupling needs two backbones.")
                                        .build()
                                : entry.record()));

        assertThat(Objects.requireNonNull(model.snapshot(row.studyId())).scored())
                .isTrue();
    }

    @Test
    void aStudyIsScoredOnlyWhenItsLastRungIsMadeOfAllRunsThatCount() {
        ViewModel model = new ViewModel();
        for (DemoLog.Entry entry : DemoLog.of(SMALL).entries()) {
            boolean last = entry.record() instanceof CouplingScore score
                    && score.getRung() == SMALL.rungs()
                    && score.getBackbone().equals("deit")
                    && score.getOptimizer().equals("lion");
            if (last) {
                CouplingScore whole = (CouplingScore) entry.record();
                model.apply(
                        entry.origin(),
                        CouplingScore.newBuilder(whole).setRuns(1).build());
            } else {
                model.apply(entry.origin(), entry.record());
            }
        }

        assertThat(snapshot(model).summary().finished()).isTrue();
        assertThat(snapshot(model).scored()).isFalse();
    }

    @Test
    void aRunStoppedEarlyIsNotWaitedFor() {
        ViewModel model = new ViewModel();
        for (DemoLog.Entry entry : DemoLog.of(SMALL).entries()) {
            boolean deitLion = entry.record().toString().contains("\"deit\"")
                    && entry.record().toString().contains("\"lion\"");
            if (entry.record() instanceof RunEvent event && deitLion && event.getKind() == RunEventKind.COMPLETED) {
                model.apply(
                        entry.origin(),
                        RunEvent.newBuilder(event).setKind(RunEventKind.STOPPED).build());
            } else if (!(entry.record() instanceof CouplingScore && deitLion)) {
                model.apply(entry.origin(), entry.record());
            }
        }

        assertThat(snapshot(model).summary().stopped()).isEqualTo(2);
        assertThat(snapshot(model).scored()).isTrue();
    }

    @Test
    void aStudyAskedForTwiceIsFinishedWhenTheRunsOfBothGridsHaveEnded() {
        StudySpecification first = StudySpecification.defaults()
                .withGrid(List.of("vgg", "resnet"), List.of("sgd", "adamw", "lamb"), List.of(0L));
        StudySpecification second = first.withGrid(List.of("deit"), List.of("sgd", "adamw"), List.of(0L));
        List<RunRequest> requests = new ArrayList<>(first.requests(DemoRecords.BEGIN));
        requests.addAll(second.requests(DemoRecords.BEGIN + 10));

        StudySnapshot before = ended(requests, requests.size() - 1);
        assertThat(before.summary().runsExpected()).isEqualTo(8);
        assertThat(before.summary().waiting()).isEqualTo(1);
        assertThat(before.summary().finished()).isFalse();
        StudySnapshot after = ended(requests, requests.size());
        assertThat(after.summary().finished()).isTrue();
        assertThat(after.cells()).hasSize(9);
        assertThat(Objects.requireNonNull(after.cell("deit", "lamb")).runsExpected())
                .isZero();
        assertThat(Objects.requireNonNull(after.cell("vgg", "lamb")).runsExpected())
                .isEqualTo(1);
    }

    @Test
    void aStudyWhoseOptimizersHavePointsOfTheirOwnIsFinishedWithThose() throws Exception {
        KnownNames names = new KnownNames(
                List.of("vgg", "resnet"),
                List.of("nano"),
                Map.of("sgd", List.of(), "adamw", List.of()),
                List.of(),
                List.of(),
                List.of(),
                Map.of());
        List<RunRequest> requests =
                StudySpecification.parse("""
                backbones: [resnet, vgg]
                optimizers: [sgd, adamw]
                optimizer-options: {adamw: {learning-rate: [0.001, 0.003]}}
                """, "study.yaml", names).requests(DemoRecords.BEGIN);

        assertThat(requests).hasSize(6);
        assertThat(ended(requests, 5).summary().finished()).isFalse();
        StudySnapshot after = ended(requests, 6);
        assertThat(after.summary().finished()).isTrue();
        CellSnapshot sgd = Objects.requireNonNull(after.cell("vgg", "sgd"));
        assertThat(sgd.runsExpected()).isEqualTo(1);
        assertThat(sgd.status()).isEqualTo(RunStatus.COMPLETED);
        assertThat(Objects.requireNonNull(after.cell("vgg", "adamw")).runsExpected())
                .isEqualTo(2);
    }

    @Test
    void aFailedOrPausedRunThatIsAskedForAnewIsWaiting() {
        RunRequest request = StudySpecification.defaults()
                .withGrid(List.of("vgg"), List.of("sgd"), List.of(0L))
                .requests(DemoRecords.BEGIN)
                .get(0);
        RunEvent paused = RunEvent.newBuilder(ending(request, RunEventKind.STOPPED))
                .setPaused(true)
                .build();
        for (RunEvent ending : List.of(ending(request, RunEventKind.FAILED), paused)) {
            DemoLog log = new DemoLog();
            log.append(Topics.RUN_REQUESTS.name(), request);
            log.append(Topics.RUN_EVENTS.name(), ending);
            StudySummary once = log.into(new ViewModel()).studies().get(0);
            assertThat(once.failed() + once.paused()).isEqualTo(1);
            assertThat(once.finished()).isTrue();
            log.append(
                    Topics.RUN_REQUESTS.name(),
                    RunRequest.newBuilder(request)
                            .setSubmittedMillis(DemoRecords.BEGIN + 100)
                            .build());
            StudySummary again = log.into(new ViewModel()).studies().get(0);
            assertThat(again.waiting()).isEqualTo(1);
            assertThat(again.finished()).isFalse();
        }
    }

    /** What the view shows when the first so many of these runs have completed. */
    private static StudySnapshot ended(List<RunRequest> requests, int runs) {
        DemoLog log = new DemoLog();
        requests.forEach(request -> log.append(Topics.RUN_REQUESTS.name(), request));
        requests.subList(0, runs)
                .forEach(request -> log.append(Topics.RUN_EVENTS.name(), ending(request, RunEventKind.COMPLETED)));
        return Objects.requireNonNull(
                log.into(new ViewModel()).snapshot(requests.get(0).getStudyId()));
    }

    private static RunEvent ending(RunRequest request, RunEventKind kind) {
        return RunEvent.newBuilder(event(request.getRunId(), 1, kind, 0, 30))
                .setStudyId(request.getStudyId())
                .setBackbone(request.getBackbone())
                .setOptimizer(request.getOptimizer())
                .setHyperparameterPoint(request.getHyperparameterPoint())
                .build();
    }

    @Test
    void twelveHundredRunsFit() {
        List<String> backbones = new ArrayList<>();
        List<String> optimizers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            backbones.add("backbone-" + i);
            optimizers.add("optimizer-" + i);
        }
        DemoRecords.Shape huge = new DemoRecords.Shape("huge", backbones, optimizers, 3, 20, 2, 1, 0);
        StudySnapshot study =
                Objects.requireNonNull(DemoLog.of(huge).into(new ViewModel()).snapshot(huge.studyId()));

        assertThat(study.summary().ended()).isEqualTo(1200);
        assertThat(study.cells()).hasSize(400);
    }

    @Test
    void aStepThatNobodyCanHaveTakenIsUnreadableAndNotTheEndOfTheView() {
        ViewModel model = DemoLog.of(SMALL).into(new ViewModel());
        String run = SMALL.studyId() + ".vgg.sgd.s0.a0b1c2";
        String before = Json.line(Objects.requireNonNull(model.run(run, 100)).curve());

        apply(model, step(run, 1, -1, 1), step(run, 1, 0, 1), step(run, 1, ViewModel.MOST_STEPS + 1, 1));
        apply(model, step("new-3fa2c1.vgg.sgd.s0.a0b1c2", 1, Integer.MIN_VALUE, 1));

        assertThat(snapshot(model).counts().unreadable()).isEqualTo(4);
        assertThat(model.intake().newestUnreadable()).contains("step must be between 1 and 134217728, was -2147483648");
        assertThat(Json.line(Objects.requireNonNull(model.run(run, 100)).curve()))
                .isEqualTo(before);
        assertThat(model.run("new-3fa2c1.vgg.sgd.s0.a0b1c2", 10)).isNull();
        assertThat(apply(model, step(run, 9, ViewModel.MOST_STEPS, 1))).isTrue();
    }

    @Test
    void aLogOfEveryTenthStepTellsThePaceOfAllOfThem() {
        ViewModel model = new ViewModel();
        apply(model, step(RUN, 1, 10, 1), step(RUN, 1, 20, 1));

        RunSummary run = Objects.requireNonNull(model.run(RUN, 10)).summary();
        assertThat(run.secondsPerStep()).isCloseTo(0.001, within(1e-12));
        assertThat(run.etaSeconds()).isCloseTo(0.01, within(1e-12));
    }

    @Test
    void deviceSecondsAreDividedByTheStepsTheyWereSpentOnAndNotByTheRecords() {
        ViewModel model = new ViewModel();
        apply(model, event(RUN, 1, RunEventKind.STARTED, 0, 0), step(RUN, 1, 10, 1));
        apply(
                model,
                RunEvent.newBuilder(event(RUN, 1, RunEventKind.CHECKPOINTED, 0, 0))
                        .setStep(10)
                        .setDeviceSeconds(5)
                        .build());

        assertThat(Objects.requireNonNull(model.run(RUN, 10)).summary().secondsPerStep())
                .isEqualTo(0.5);
    }

    @Test
    void checkpointsCrowdOutNeitherAnEndingNorTheAnswerToAnOrderToResume() {
        ViewModel model = new ViewModel();
        apply(model, event(RUN, 1, RunEventKind.STARTED, 0, 0));
        for (int step = 1; step <= 2 * RunState.EVENTS; step++) {
            apply(
                    model,
                    RunEvent.newBuilder(event(RUN, 1, RunEventKind.CHECKPOINTED, 0, 0))
                            .setStep(step)
                            .build());
        }
        apply(
                model,
                RunEvent.newBuilder(event(RUN, 1, RunEventKind.STOPPED, 0, 0))
                        .setPaused(true)
                        .build(),
                command(RUN, RunCommandKind.RESUME, "resume-1", DemoRecords.BEGIN + 2));
        assertThat(Objects.requireNonNull(model.run(RUN, 10)).summary().ordered())
                .isEqualTo("resume");

        apply(model, event(RUN, 2, RunEventKind.RESUMED, 10, 0));

        RunSnapshot run = Objects.requireNonNull(model.run(RUN, 10));
        assertThat(run.events())
                .extracting(RunSnapshot.EventLine::kind)
                .containsExactlyInAnyOrder("started", "checkpointed", "stopped", "resumed");
        assertThat(run.events()).anyMatch(event -> event.kind().equals("checkpointed") && event.step() == 400);
        assertThat(run.eventsNotKept()).isEqualTo(2 * RunState.EVENTS - 1);
        assertThat(run.summary().ordered()).isNull();
        assertThat(run.decisions()).singleElement().matches(Decision::acknowledged);
    }

    @Test
    void anOrderOfAKindThatThisVersionDoesNotKnowIsNoStop() {
        ViewModel model = new ViewModel();
        apply(
                model,
                step(RUN, 1, 1, 1),
                command(RUN, RunCommandKind.UNKNOWN, "later-1", DemoRecords.BEGIN),
                command("", RunCommandKind.UNKNOWN, "later-2", DemoRecords.BEGIN));

        RunSnapshot run = Objects.requireNonNull(model.run(RUN, 10));
        assertThat(run.decisions()).isEmpty();
        assertThat(run.summary().ordered()).isNull();
        assertThat(model.intake().unreadable()).isEmpty();
    }

    @Test
    void aRunsSketchIsMadeAnewOnlyAfterSomethingOfTheRunHasChanged() {
        ViewModel model = DemoLog.of(SMALL).into(new ViewModel());
        String run = SMALL.studyId() + ".vgg.sgd.s0.a0b1c2";
        List<CurveSketch> first = Objects.requireNonNull(model.sketches(SMALL.studyId(), 40));

        apply(model, step(run, 1, 65, 1));

        List<CurveSketch> second = Objects.requireNonNull(model.sketches(SMALL.studyId(), 40));
        for (int i = 0; i < first.size(); i++) {
            if (first.get(i).runId().equals(run)) {
                assertThat(second.get(i).step()).contains(65);
            } else {
                assertThat(second.get(i)).isSameAs(first.get(i));
            }
        }
        assertThat(Objects.requireNonNull(model.sketches(SMALL.studyId(), 5)))
                .allSatisfy(sketch -> assertThat(sketch.step()).hasSizeLessThanOrEqualTo(5));
    }

    @Test
    void aSummaryIsMadeAnewAfterEachRecordOfItsStudyAndNeverElse() {
        DemoLog log = DemoLog.of(SMALL);
        ViewModel looking = new ViewModel();
        for (int i = 0; i < log.entries().size(); i++) {
            DemoLog.Entry entry = log.entries().get(i);
            looking.apply(entry.origin(), entry.record());
            List<StudySummary> shown = looking.studies();
            if (i % 50 == 0) {
                // Of a model that nobody has looked at everything is summed for the first time.
                ViewModel fresh = new ViewModel();
                log.entries().stream().limit(i + 1).forEach(each -> fresh.apply(each.origin(), each.record()));
                assertThat(shown).isEqualTo(fresh.studies());
            }
        }
        StudySummary known = looking.studies().get(0);
        apply(looking, step("other-3fa2c1.vgg.sgd.s0.a0b1c2", 1, 1, 1));
        assertThat(looking.studies()).anySatisfy(summary -> assertThat(summary).isSameAs(known));
    }

    @Test
    void aReportHasAllDecisionsAndAPageTheNewest() {
        ViewModel model = DemoLog.of(SMALL).into(new ViewModel());
        for (int i = 0; i < 150; i++) {
            apply(
                    model,
                    command(
                            SMALL.studyId() + ".vgg.sgd.s0.a0b1c2",
                            RunCommandKind.STOP,
                            "shadow-" + i,
                            DemoRecords.BEGIN + 86_400_000));
        }

        assertThat(snapshot(model).decisions()).hasSize(151);
        StudySnapshot sent = Objects.requireNonNull(model.study(SMALL.studyId(), 0));
        assertThat(sent.decisions()).hasSize(StudySnapshot.DECISIONS);
        assertThat(sent.decisionsTotal()).isEqualTo(151);
    }

    @Test
    void curvesOlderThanTheTopicsKeepStepsAreLetGoOfAndNothingElse() {
        long now = DemoRecords.BEGIN + 2 * ViewModel.STEPS_KEPT.toMillis();
        ViewModel model = DemoLog.of(SMALL).into(new ViewModel(() -> Instant.ofEpochMilli(now)));
        String run = SMALL.studyId() + ".vgg.sgd.s0.a0b1c2";
        StudySnapshot before = snapshot(model);
        assertThat(Objects.requireNonNull(model.run(run, 100)).curveReleased()).isFalse();

        String later = writeWeekLater(model);

        RunSnapshot old = Objects.requireNonNull(model.run(run, 100));
        assertThat(old.curve().step()).isEmpty();
        assertThat(old.curveReleased()).isTrue();
        assertThat(old.evaluations()).hasSize(SMALL.rungs());
        assertThat(Objects.requireNonNull(model.sketches(SMALL.studyId(), 40)))
                .allSatisfy(sketch -> assertThat(sketch.released()).isTrue());
        assertThat(snapshot(model).cells()).isEqualTo(before.cells());
        assertThat(snapshot(model).counts()).isEqualTo(before.counts());
        assertThat(snapshot(model).rungScores()).isEqualTo(before.rungScores());
        assertThat(snapshot(model).summary()).isEqualTo(before.summary());
        RunSnapshot newer = Objects.requireNonNull(model.run(later, 4000));
        assertThat(newer.curve().step()).hasSize(1200);
        assertThat(newer.curveReleased()).isFalse();

        apply(model, step(run, 1, 65, 1));
        assertThat(Objects.requireNonNull(model.run(run, 100)).summary().stepsInTopic())
                .isEqualTo(old.summary().stepsInTopic() + 1);
        assertThat(Objects.requireNonNull(model.run(run, 100)).curve().step()).isEmpty();
    }

    @Test
    void aTrainerWhoseClockIsAheadMakesNoOtherStudyOld() {
        ViewModel model = DemoLog.of(SMALL).into(new ViewModel(() -> Instant.ofEpochMilli(DemoRecords.BEGIN)));

        writeWeekLater(model);

        assertThat(Objects.requireNonNull(model.run(SMALL.studyId() + ".vgg.sgd.s0.a0b1c2", 100))
                        .curveReleased())
                .isFalse();
    }

    /** One run of another study, its steps eight days later; its id. */
    private static String writeWeekLater(ViewModel model) {
        DemoRecords.Shape later = new DemoRecords.Shape("later", List.of("vgg"), List.of("sgd"), 1, 1200, 4, 1, 0);
        for (DemoLog.Entry entry : DemoLog.of(later).entries()) {
            SpecificRecord record = entry.record();
            if (record instanceof StepMetrics metrics) {
                record = StepMetrics.newBuilder(metrics)
                        .setTimeMillis(metrics.getTimeMillis()
                                + ViewModel.STEPS_KEPT.plusDays(1).toMillis())
                        .build();
            }
            model.apply(
                    new ViewModel.Origin(
                            entry.origin().topic(),
                            1_000 + entry.origin().partition(),
                            entry.origin().offset()),
                    record);
        }
        return later.studyId() + ".vgg.sgd.s0.a0b1c2";
    }

    /** Whether the last of them was taken in. */
    private boolean apply(ViewModel model, SpecificRecord... records) {
        boolean taken = false;
        for (SpecificRecord record : records) {
            taken = model.apply(new ViewModel.Origin("any", 0, offset++), record);
        }
        return taken;
    }

    private static RunCommand command(String run, RunCommandKind kind, String id, long millis) {
        return RunCommand.newBuilder()
                .setRunId(run)
                .setStudyId("study-3fa2c1")
                .setCommandId(id)
                .setKind(kind)
                .setRule("median")
                .setRuleVersion(1)
                .setRequestedBy("early-stopper")
                .setReason("It will not win.")
                .setShadow(kind == RunCommandKind.STOP)
                .setTimeMillis(millis)
                .build();
    }

    private static StudySnapshot snapshot(ViewModel model) {
        return Objects.requireNonNull(model.snapshot(SMALL.studyId()));
    }

    private static StepMetrics step(String run, int attempt, int step, double loss) {
        return StepMetrics.newBuilder()
                .setRunId(run)
                .setAttempt(attempt)
                .setStep(step)
                .setBudgetSteps(30)
                .setWarmupSteps(2)
                .setEpoch(0)
                .setLoss(loss)
                .setLearningRate(0.1)
                .setGradientNorm(1)
                .setUpdateRatio(0.01f)
                .setBatchAccuracy(0.5f)
                .setSamplesPerSecond(100)
                .setTimeMillis(DemoRecords.BEGIN + step)
                .build();
    }

    private static RunEvent event(String run, int attempt, RunEventKind kind, int resumedAt, int trained) {
        return RunEvent.newBuilder()
                .setRunId(run)
                .setStudyId("study-3fa2c1")
                .setAttempt(attempt)
                .setBackbone("vgg")
                .setOptimizer("sgd")
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setKind(kind)
                .setStep(kind == RunEventKind.COMPLETED ? 30 : resumedAt)
                .setBudgetSteps(30)
                .setWarmupSteps(2)
                .setResumedAtStep(resumedAt)
                .setStepsTrained(trained)
                .setDeviceSeconds(trained * 0.1)
                .setTimeMillis(DemoRecords.BEGIN + attempt)
                .build();
    }
}
