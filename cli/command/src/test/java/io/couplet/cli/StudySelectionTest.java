package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class StudySelectionTest {

    private static final String BIRDS = "birds-3fa2c1";
    private static final String SHIPS = "ships-a0b1c2";

    private final ViewModel model = new ViewModel();
    private final StudySelection selection = new StudySelection();
    private long offset;

    @Test
    void ofTwoStudiesThatGoOnItStaysWithTheOneShown() {
        assertThat(selection.in(model)).isNull();
        lives(BIRDS, 1_000);
        assertThat(shown()).isEqualTo(BIRDS);
        lives(SHIPS, 2_000);
        assertThat(shown()).isEqualTo(BIRDS);
        lives(BIRDS, 30_000);
        lives(SHIPS, 90_000);
        assertThat(shown()).isEqualTo(BIRDS);
    }

    @Test
    void anOldStudyThatWasOnlyReadFirstIsLeftForTheOneThatGoesOn() {
        lives(BIRDS, 1_000);
        assertThat(shown()).isEqualTo(BIRDS);
        lives(SHIPS, 61_001);
        assertThat(shown()).isEqualTo(SHIPS);
        lives(BIRDS, 61_002);
        assertThat(shown()).isEqualTo(SHIPS);
    }

    @Test
    void theNamedStudyIsShownHoweverOldItIs() {
        selection.study = BIRDS;
        lives(BIRDS, 1_000);
        lives(SHIPS, 900_000);
        assertThat(shown()).isEqualTo(BIRDS);
    }

    private String shown() {
        StudySnapshot study = Objects.requireNonNull(selection.in(model));
        return study.summary().id();
    }

    private void lives(String study, long millis) {
        RunId run = new RunId(study, "vgg", "sgd", 0, "a0b1c2");
        model.apply(
                new ViewModel.Origin(Topics.RUN_EVENTS.name(), 0, offset++),
                RunEvent.newBuilder()
                        .setRunId(run.toString())
                        .setStudyId(study)
                        .setAttempt(1)
                        .setBackbone(run.backbone())
                        .setOptimizer(run.optimizer())
                        .setSeed(0)
                        .setHyperparameterPoint(0)
                        .setKind(RunEventKind.CHECKPOINTED)
                        .setStep(1)
                        .setBudgetSteps(10)
                        .setWarmupSteps(2)
                        .setResumedAtStep(0)
                        .setStepsTrained(1)
                        .setDeviceSeconds(1)
                        .setTimeMillis(millis)
                        .build());
    }
}
