package io.couplet.cli;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** A study of 32 runs as the view shows it, made without Kafka. */
final class MadeStudy {

    private final StudySpecification study = StudySpecification.defaults()
            .withName("made")
            .withGrid(
                    StudySpecification.defaults().backbones(),
                    StudySpecification.defaults().optimizers(),
                    List.of(0L, 1L));
    private final ViewModel model = new ViewModel();
    private final Map<String, Long> offsets = new HashMap<>();

    MadeStudy requested() {
        study.requests(1_000).forEach(request -> apply(Topics.RUN_REQUESTS.name(), request));
        return this;
    }

    /** What happens to the first so many runs. */
    MadeStudy event(RunEventKind kind, int runs) {
        return event(kind, runs, 0);
    }

    MadeStudy event(RunEventKind kind, int runs, int step) {
        return event(kind, runs, step, null);
    }

    MadeStudy event(RunEventKind kind, int runs, int step, @Nullable String reason) {
        for (RunRequest request : study.requests(1_000).subList(0, runs)) {
            apply(
                    Topics.RUN_EVENTS.name(),
                    RunEvent.newBuilder()
                            .setRunId(request.getRunId())
                            .setStudyId(request.getStudyId())
                            .setAttempt(1)
                            .setBackbone(request.getBackbone())
                            .setOptimizer(request.getOptimizer())
                            .setSeed(request.getSeed())
                            .setHyperparameterPoint(0)
                            .setKind(kind)
                            .setReason(reason)
                            .setStep(step)
                            .setResumedAtStep(step)
                            .setBudgetSteps(request.getBudgetSteps())
                            .setWarmupSteps(2)
                            .setStepsTrained(0)
                            .setDeviceSeconds(1)
                            .setTimeMillis(2_000)
                            .build());
        }
        return this;
    }

    StudySnapshot snapshot() {
        return Objects.requireNonNull(model.snapshot(study.studyId()));
    }

    private void apply(String topic, SpecificRecord record) {
        model.apply(new ViewModel.Origin(topic, 0, offsets.merge(topic, 1L, Long::sum) - 1), record);
    }
}
