package io.couplet.view;

import io.couplet.view.model.RunStatus;
import io.couplet.view.model.StudySummary;
import io.couplet.view.model.ViewModel;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** What the model holds, for whoever scrapes it. */
final class ViewMeters {

    private final MeterRegistry registry;

    ViewMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    void bind(ViewModel model) {
        for (String topic : RecordIntake.topics()) {
            counter(
                    "records.read",
                    "Records taken in.",
                    topic,
                    model,
                    intake -> intake.records().getOrDefault(topic, 0L));
            counter(
                    "records.unreadable",
                    "Records that could not be decoded or placed.",
                    topic,
                    model,
                    intake -> intake.unreadable().getOrDefault(topic, 0L));
        }
        for (RunStatus status : RunStatus.values()) {
            Gauge.builder("couplet.view.runs", model, each -> runs(each.studies(), status))
                    .description("Runs of all studies by state; waiting ones are the queue.")
                    .tag("state", status.label())
                    .strongReference(true)
                    .register(registry);
        }
        Gauge.builder("couplet.view.studies", model, each -> each.studies().size())
                .description("Studies in the topics.")
                .strongReference(true)
                .register(registry);
        Gauge.builder(
                        "couplet.view.studies.finished",
                        model,
                        each -> each.studies().stream()
                                .filter(StudySummary::finished)
                                .count())
                .description("Studies all of whose runs have ended.")
                .strongReference(true)
                .register(registry);
        Gauge.builder(
                        "couplet.view.device",
                        model,
                        each -> each.studies().stream()
                                .mapToDouble(StudySummary::deviceSeconds)
                                .sum())
                .description("Device time that all runs have taken.")
                .baseUnit("seconds")
                .strongReference(true)
                .register(registry);
    }

    private static double runs(List<StudySummary> studies, RunStatus status) {
        return studies.stream()
                .mapToInt(study -> switch (status) {
                    case WAITING -> study.waiting();
                    case RUNNING -> study.running();
                    case COMPLETED -> study.completed();
                    case STOPPED -> study.stopped();
                    case PAUSED -> study.paused();
                    case DIVERGED -> study.diverged();
                    case FAILED -> study.failed();
                })
                .sum();
    }

    private void counter(
            String name, String description, String topic, ViewModel model, ToDoubleFunction<ViewModel.Intake> count) {
        FunctionCounter.builder("couplet.view." + name, model, each -> count.applyAsDouble(each.intake()))
                .description(description)
                .tag("topic", topic)
                .register(registry);
    }
}
