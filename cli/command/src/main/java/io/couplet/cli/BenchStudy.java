package io.couplet.cli;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StoppingRule;
import io.couplet.schemas.avro.StudyGrid;
import io.couplet.schemas.study.StudySpecification;
import java.util.ArrayList;
import java.util.List;

/** Records of one large study that arms transfer: three backbones that have ended whole, and so many runs of others. */
final class BenchStudy {

    static final int RUNGS = 8;
    /** Runs a backbone. */
    static final int COHORT = 50;

    private static final int ANCHORS = 3;
    private static final int BUDGET = 800;

    /** A run, by the numbers of its backbone and its optimizer. */
    record Run(int backbone, int optimizer, String id) {}

    private final String studyId;
    private final List<Run> anchors = new ArrayList<>();
    private final List<Run> live = new ArrayList<>();
    private final RunRequest template;

    BenchStudy(String studyId, int liveRuns) {
        this.studyId = studyId;
        for (int i = 0; i < ANCHORS * COHORT; i++) {
            anchors.add(run(i / COHORT, i % COHORT));
        }
        for (int i = 0; i < liveRuns; i++) {
            live.add(run(ANCHORS + i / COHORT, i % COHORT));
        }
        template = StudySpecification.defaults()
                .requests(System.currentTimeMillis())
                .get(0);
        template.setStudyId(studyId);
        template.setBudgetSteps(BUDGET);
        template.setStoppingRules(
                List.of(StoppingRule.newBuilder().setRule("transfer").build()));
        template.setGrid(StudyGrid.newBuilder()
                .setBackbones(all().stream()
                        .map(run -> backbone(run.backbone()))
                        .distinct()
                        .toList())
                .setOptimizers(anchors.subList(0, COHORT).stream()
                        .map(run -> optimizer(run.optimizer()))
                        .toList())
                .setSeeds(List.of(0L))
                .setHyperparameterPoints(1)
                .build());
    }

    private Run run(int backbone, int optimizer) {
        return new Run(
                backbone,
                optimizer,
                new RunId(studyId, backbone(backbone), optimizer(optimizer), 0, "a0b1c2").toString());
    }

    private static String backbone(int number) {
        return "backbone-" + number;
    }

    private static String optimizer(int number) {
        return "optimizer-" + number;
    }

    List<Run> anchors() {
        return List.copyOf(anchors);
    }

    List<Run> live() {
        return List.copyOf(live);
    }

    List<Run> all() {
        List<Run> all = new ArrayList<>(anchors);
        all.addAll(live);
        return all;
    }

    RunRequest request(Run run) {
        return RunRequest.newBuilder(template)
                .setRunId(run.id())
                .setBackbone(backbone(run.backbone()))
                .setOptimizer(optimizer(run.optimizer()))
                .build();
    }

    /** Optimizers differ by up to 30 points, backbones by 10, and a pairing by a little of its own. */
    Evaluation evaluation(Run run, int rung) {
        double end = 0.5
                + 0.3 * run.optimizer() / COHORT
                + 0.1 * Math.sin(run.backbone())
                + 0.01 * Math.sin(12.9898 * run.optimizer() + 78.233 * run.backbone());
        return Evaluation.newBuilder()
                .setRunId(run.id())
                .setStudyId(studyId)
                .setAttempt(1)
                .setBackbone(backbone(run.backbone()))
                .setOptimizer(optimizer(run.optimizer()))
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setStep(BUDGET * rung / RUNGS)
                .setBudgetSteps(BUDGET)
                .setRung(rung)
                .setRungs(RUNGS)
                .setFraction((double) rung / RUNGS)
                .setLoss(1)
                .setTop1(end * (rung + 2) / (RUNGS + 2))
                .setTop5(0.9)
                .setSamples(1_000)
                .setClasses(10)
                .setDeviceSeconds(rung)
                .setTimeMillis(System.currentTimeMillis())
                .build();
    }

    RunEvent started(Run run) {
        return event(run.id(), backbone(run.backbone()), optimizer(run.optimizer()), RunEventKind.STARTED)
                .build();
    }

    RunEvent completed(Run run) {
        return event(run.id(), backbone(run.backbone()), optimizer(run.optimizer()), RunEventKind.COMPLETED)
                .setStep(BUDGET)
                .build();
    }

    /** The answer to an order. */
    static RunEvent stopped(RunCommand order) {
        RunId run = RunId.parse(order.getRunId());
        return event(order.getRunId(), run.backbone(), run.optimizer(), RunEventKind.STOPPED)
                .setCommandId(order.getCommandId())
                .setReason(order.getReason())
                .build();
    }

    private static RunEvent.Builder event(String runId, String backbone, String optimizer, RunEventKind kind) {
        return RunEvent.newBuilder()
                .setRunId(runId)
                .setStudyId(RunId.parse(runId).studyId())
                .setAttempt(1)
                .setBackbone(backbone)
                .setOptimizer(optimizer)
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setKind(kind)
                .setStep(0)
                .setBudgetSteps(BUDGET)
                .setWarmupSteps(0)
                .setResumedAtStep(0)
                .setStepsTrained(0)
                .setDeviceSeconds(0)
                .setProvenance(null)
                .setTimeMillis(System.currentTimeMillis());
    }
}
