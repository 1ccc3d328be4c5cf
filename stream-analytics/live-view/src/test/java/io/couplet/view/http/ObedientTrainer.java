package io.couplet.view.http;

import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.view.model.ViewModel;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/** Orders into a model, and what a trainer would answer; no Kafka between. */
final class ObedientTrainer implements Orders {

    private final ViewModel model;
    private final List<RunCommand> orders = new ArrayList<>();
    private long offset;

    ObedientTrainer(ViewModel model) {
        this.model = model;
    }

    synchronized List<RunCommand> orders() {
        return List.copyOf(orders);
    }

    @Override
    public synchronized String stop(String runId, String requestedBy, String reason, boolean pause) {
        return take(command(runId, RunCommandKind.STOP, requestedBy, reason)
                .setPause(pause)
                .build());
    }

    @Override
    public synchronized String resume(String runId, String requestedBy, String reason) {
        return take(command(runId, RunCommandKind.RESUME, requestedBy, reason).build());
    }

    private RunCommand.Builder command(String runId, RunCommandKind kind, String requestedBy, String reason) {
        return RunCommand.newBuilder()
                .setRunId(runId)
                .setStudyId(RunId.parse(runId).studyId())
                .setCommandId("order-" + orders.size())
                .setKind(kind)
                .setRule("person")
                .setRuleVersion(0)
                .setRequestedBy(requestedBy)
                .setReason(reason)
                .setTimeMillis(System.currentTimeMillis());
    }

    private String take(RunCommand command) {
        orders.add(command);
        apply(Topics.RUN_COMMANDS.name(), command);
        return command.getCommandId();
    }

    /** Ends the run of the newest order and says so, as a trainer does. */
    synchronized void obey() {
        RunCommand command = orders.get(orders.size() - 1);
        RunId run = RunId.parse(command.getRunId());
        boolean resumed = command.getKind() == RunCommandKind.RESUME;
        apply(
                Topics.RUN_EVENTS.name(),
                RunEvent.newBuilder()
                        .setRunId(command.getRunId())
                        .setStudyId(run.studyId())
                        .setAttempt(resumed ? 2 : 1)
                        .setBackbone(run.backbone())
                        .setOptimizer(run.optimizer())
                        .setSeed(run.seed())
                        .setHyperparameterPoint(0)
                        .setKind(resumed ? RunEventKind.RESUMED : RunEventKind.STOPPED)
                        .setStep(20)
                        .setBudgetSteps(64)
                        .setWarmupSteps(3)
                        .setResumedAtStep(resumed ? 20 : 0)
                        .setCommandId(resumed ? null : command.getCommandId())
                        .setPaused(command.getPause())
                        .setReason(resumed ? null : command.getReason())
                        .setStepsTrained(20)
                        .setDeviceSeconds(1)
                        .setTimeMillis(command.getTimeMillis() + 42)
                        .build());
    }

    private void apply(String topic, SpecificRecord record) {
        model.apply(new ViewModel.Origin(topic, 1_000_000, offset++), record);
    }
}
