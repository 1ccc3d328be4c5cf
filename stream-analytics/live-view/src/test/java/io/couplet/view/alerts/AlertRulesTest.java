package io.couplet.view.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.view.alerts.Alert.Origin;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** Which records somebody must hear of. */
class AlertRulesTest {

    private static final long MINUTE = 60_000;

    private final AlertRules rules = new AlertRules();
    private long offset;

    @Test
    void aDivergedRunIsToldOnceHoweverOftenItsEventComes() throws Exception {
        tell(Told.event(Told.FIRST, 1, RunEventKind.STARTED, 0, 1_000));
        List<Alert> first = tell(Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000));
        assertThat(first).hasSize(1);
        assertThat(tell(Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000)))
                .isEmpty();
        JsonNode json = new ObjectMapper().readTree(first.get(0).json());
        assertThat(json.path("id").asText()).isEqualTo(Told.FIRST + ".a1.diverged");
        assertThat(json.path("event").asText()).isEqualTo("run-diverged");
        assertThat(json.path("text").asText())
                .isEqualTo(
                        "vgg × sgd, seed 0, of birds-3fa2c1, diverged at step 41 of 100: The loss is NaN at step 41.");
        assertThat(json.path("run").asText()).isEqualTo(Told.FIRST.toString());
        assertThat(json.path("step").asInt()).isEqualTo(41);
        assertThat(json.has("origin")).isFalse();
    }

    @Test
    void aCompletedRunIsNoAlertAndTheLastOfThemFinishesTheStudy() {
        tell(Told.request(Told.FIRST));
        assertThat(tell(Told.event(Told.FIRST, 1, RunEventKind.COMPLETED, 100, 2_000)))
                .isEmpty();
        assertThat(tell(Told.event(Told.SECOND, 1, RunEventKind.FAILED, 3, 3_000)))
                .extracting(Alert::id)
                .containsExactly(Told.SECOND + ".a1.failed", Told.STUDY + ".finished.2");
    }

    @Test
    void aStudyTakenUpAgainFinishesAgainUnderAnotherId() {
        tell(Told.request(Told.FIRST));
        tell(Told.event(Told.FIRST, 1, RunEventKind.COMPLETED, 100, 2_000));
        tell(Told.event(Told.SECOND, 1, RunEventKind.FAILED, 3, 3_000));
        assertThat(tell(Told.event(Told.SECOND, 2, RunEventKind.STARTED, 0, 4_000)))
                .isEmpty();
        assertThat(tell(Told.event(Told.SECOND, 2, RunEventKind.COMPLETED, 100, 5_000)))
                .extracting(Alert::id)
                .containsExactly(Told.STUDY + ".finished.3");
    }

    @Test
    void ofSeveralRunsAskedForAnewTheLastOneFinishesTheStudyWhicheverTopicIsReadFirst() {
        List<RunRequest> again = List.of(requestAt(Told.FIRST, 5_000), requestAt(Told.SECOND, 5_000));
        for (boolean requestsFirst : new boolean[] {true, false}) {
            AlertRulesTest fresh = new AlertRulesTest();
            fresh.tell(List.of(Told.request(Told.FIRST), Told.request(Told.SECOND)));
            if (requestsFirst) {
                fresh.tell(again);
            }
            fresh.tell(Told.event(Told.FIRST, 1, RunEventKind.FAILED, 3, 2_000));
            fresh.tell(paused(Told.SECOND, 3_000));
            if (!requestsFirst) {
                fresh.tell(again);
            }
            assertThat(fresh.tell(Told.event(Told.FIRST, 2, RunEventKind.STARTED, 0, 6_000)))
                    .isEmpty();
            assertThat(fresh.tell(Told.event(Told.FIRST, 2, RunEventKind.COMPLETED, 100, 7_000)))
                    .as("the other one waits in the queue")
                    .isEmpty();
            fresh.tell(Told.event(Told.SECOND, 2, RunEventKind.RESUMED, 40, 8_000));
            assertThat(fresh.tell(Told.event(Told.SECOND, 2, RunEventKind.COMPLETED, 100, 9_000)))
                    .extracting(Alert::id)
                    .containsExactly(Told.STUDY + ".finished.4");
        }
    }

    private static RunRequest requestAt(RunId run, long millis) {
        return RunRequest.newBuilder(Told.request(run))
                .setSubmittedMillis(millis)
                .build();
    }

    private static RunEvent paused(RunId run, long millis) {
        return RunEvent.newBuilder(Told.event(run, 1, RunEventKind.STOPPED, 40, millis))
                .setPaused(true)
                .build();
    }

    @Test
    void aPauseIsCalledOne() {
        assertThat(tell(RunCommand.newBuilder(Told.stop(Told.FIRST, false))
                        .setPause(true)
                        .build()))
                .extracting(Alert::text)
                .singleElement()
                .asString()
                .contains(" is told to pause by early-stopper");
        assertThat(tell(paused(Told.FIRST, 3_000))).singleElement().satisfies(alert -> {
            assertThat(alert.event()).isEqualTo(Alert.Event.RUN_STOPPED);
            assertThat(alert.text()).contains(", paused at step 40 of 100");
        });
    }

    @Test
    void aStudyIsFinishedWhenTheRunsThatWereAskedForHaveAndNotTheProductOfAllNames() {
        StudySpecification first =
                StudySpecification.defaults().withGrid(List.of("vgg", "resnet"), List.of("sgd", "adamw"), List.of(0L));
        List<RunRequest> requests = new ArrayList<>(first.requests(500));
        assertThat(tell(requests)).isEmpty();
        List<RunRequest> more =
                first.withGrid(List.of("deit"), List.of("sgd"), List.of(0L)).requests(600);
        assertThat(tell(more)).isEmpty();
        requests.addAll(more);
        for (RunRequest request : requests.subList(0, 4)) {
            assertThat(tell(completed(request))).isEmpty();
        }
        assertThat(tell(completed(requests.get(4))))
                .extracting(Alert::text)
                .singleElement()
                .asString()
                .endsWith("is finished: all 5 runs have ended.");
    }

    private List<Alert> tell(List<RunRequest> requests) {
        return requests.stream().flatMap(request -> tell(request).stream()).toList();
    }

    private static RunEvent completed(RunRequest request) {
        return RunEvent.newBuilder(Told.event(Told.FIRST, 1, RunEventKind.COMPLETED, 100, 2_000))
                .setRunId(request.getRunId())
                .setStudyId(request.getStudyId())
                .build();
    }

    @Test
    void anOrderIsToldAndOneInShadowIsNot() {
        assertThat(tell(Told.stop(Told.FIRST, true))).isEmpty();
        assertThat(tell(Told.stop(Told.FIRST, false))).singleElement().satisfies(alert -> {
            assertThat(alert.id()).isEqualTo(Told.FIRST + ".a1.transfer");
            assertThat(alert.event()).isEqualTo(Alert.Event.STOP_ORDERED);
            assertThat(alert.rule()).isEqualTo("transfer");
        });
    }

    @Test
    void anOrderThatStandsInItsTopicTwiceIsToldOnce() {
        assertThat(tell(Told.stop(Told.FIRST, false))).hasSize(1);
        assertThat(tell(Told.stop(Told.FIRST, false))).isEmpty();
        assertThat(tell(Told.stop(Told.SECOND, false))).hasSize(1);
    }

    @Test
    void otherRulesForAStudyNameNoRunAndAreReadAllTheSame() {
        RunCommand rules = RunCommand.newBuilder(Told.stop(Told.FIRST, false))
                .setRunId("")
                .setKind(RunCommandKind.RULES)
                .build();
        assertThat(tell(rules)).isEmpty();
    }

    @Test
    void aRunStallsTenGapsAfterItsNewestStepAndNeverBeforeAMinute() {
        tell(Told.event(Told.FIRST, 1, RunEventKind.STARTED, 0, 1_000));
        tell(Told.score(Told.FIRST, 10, 101_000)); // ten seconds a step
        assertThat(rules.stalls(101_000 + 99_000, 0, MINUTE, 0)).isEmpty();
        List<Alert> stalls = rules.stalls(101_000 + 100_000, 0, MINUTE, 0);
        assertThat(stalls).singleElement().satisfies(alert -> {
            assertThat(alert.event()).isEqualTo(Alert.Event.RUN_STALLED);
            assertThat(alert.text()).contains("has stalled at step 10", "No sign of it for 100 s");
            assertThat(alert.timeMillis()).isEqualTo(201_000);
        });
        assertThat(rules.stalls(900_000, 0, MINUTE, 0)).isEmpty();
        tell(Told.score(Told.FIRST, 11, 1_000_000));
        assertThat(rules.stalls(9_000_000, 0, MINUTE, 0)).hasSize(1);
    }

    @Test
    void silenceThatMayBeSomebodyElsesDoesNotCount() {
        tell(Told.event(Told.FIRST, 1, RunEventKind.STARTED, 0, 1_000));
        assertThat(rules.stalls(200_000, 0, MINUTE, 150_000)).isEmpty();
        assertThat(rules.stalls(210_000, 0, MINUTE, 150_000))
                .extracting(Alert::text)
                .singleElement()
                .asString()
                .contains("No sign of it for 209 s");
    }

    @Test
    void whatHasEndedOrWasToldBeforeDoesNotStall() {
        tell(Told.event(Told.FIRST, 1, RunEventKind.STARTED, 0, 1_000));
        assertThat(rules.stalls(500_000, 61_000, MINUTE, 0)).isEmpty();
        tell(Told.event(Told.FIRST, 1, RunEventKind.RELEASED, 5, 2_000));
        assertThat(rules.stalls(500_000, 0, MINUTE, 0)).isEmpty();
    }

    @Test
    void theOrderBetweenTopicsChangesNoId() {
        List<SpecificRecord> records = new ArrayList<>(List.of(
                Told.request(Told.FIRST),
                Told.request(Told.SECOND),
                Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000),
                Told.event(Told.SECOND, 1, RunEventKind.COMPLETED, 100, 3_000),
                Told.stop(Told.FIRST, false)));
        List<String> inOrder = ids(records);
        assertThat(inOrder).hasSize(3);
        for (int seed = 0; seed < 20; seed++) {
            Collections.shuffle(records, new Random(seed));
            assertThat(ids(records)).containsExactlyInAnyOrderElementsOf(inOrder);
        }
    }

    private static List<String> ids(List<SpecificRecord> records) {
        AlertRules fresh = new AlertRules();
        List<Alert> alerts = new ArrayList<>();
        records.forEach(record -> alerts.addAll(fresh.accept(record, new Origin("any", 0, 0))));
        alerts.addAll(fresh.studiesFinished());
        return alerts.stream().map(Alert::id).toList();
    }

    private List<Alert> tell(SpecificRecord record) {
        List<Alert> alerts = new ArrayList<>(rules.accept(record, new Origin(Told.EVENTS, 0, offset++)));
        alerts.addAll(rules.studiesFinished());
        return alerts;
    }
}
