package io.couplet.stopper;

import static io.couplet.stopper.Records.BEGIN;

import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ArmedRule;
import io.couplet.schemas.avro.DataReference;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StoppingRule;
import io.couplet.schemas.avro.StudyGrid;
import io.couplet.stopper.Records.Sent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Records of a whole small study: two backbones, four optimizers of which each is as good on the one as on the other. */
final class StudyRecords {

    static final String STUDY = "grid-3fa2c1";
    static final List<String> BACKBONES = List.of("vgg", "deit");
    static final List<String> OPTIMIZERS = List.of("sgd", "adam", "adamw", "lamb");
    private static final int RUNGS = 3;
    private static final int BUDGET = 300;

    private StudyRecords() {}

    static RunId run(String backbone, String optimizer) {
        return new RunId(STUDY, backbone, optimizer, 1, "00aa1" + OPTIMIZERS.indexOf(optimizer));
    }

    static Sent request(RunId run, String rule, Map<String, Double> options) {
        return Sent.of(
                Topics.RUN_REQUESTS,
                run.toString(),
                RunRequest.newBuilder()
                        .setRunId(run.toString())
                        .setStudyId(run.studyId())
                        .setStudyName("grid")
                        .setBackbone(run.backbone())
                        .setOptimizer(run.optimizer())
                        .setSeed(run.seed())
                        .setBackboneSize("nano")
                        .setHyperparameterPoint(0)
                        .setOptimizerOptions(Map.of())
                        .setRecipe("quick")
                        .setWarmupSteps(15)
                        .setBudgetSteps(BUDGET)
                        .setBatchSize(64)
                        .setRungs(List.of(1 / 3.0, 2 / 3.0, 1.0))
                        .setData(DataReference.newBuilder()
                                .setValidationFraction(0.2)
                                .setImageSize(32)
                                .setSeed(1)
                                .build())
                        .setGrid(StudyGrid.newBuilder()
                                .setBackbones(BACKBONES)
                                .setOptimizers(OPTIMIZERS)
                                .setSeeds(List.of(1L))
                                .setHyperparameterPoints(1)
                                .build())
                        .setStoppingRules(List.of(StoppingRule.newBuilder()
                                .setRule(rule)
                                .setOptions(options)
                                .build()))
                        .setSubmittedMillis(BEGIN)
                        .build());
    }

    /** A person's order that the study be judged by one rule from now on. */
    static Sent rules(String rule, Map<String, Double> options) {
        return Sent.of(
                Topics.RUN_COMMANDS,
                STUDY,
                RunCommand.newBuilder()
                        .setRunId(STUDY)
                        .setStudyId(STUDY)
                        .setCommandId("person-rules-" + rule)
                        .setKind(RunCommandKind.RULES)
                        .setRule("person")
                        .setRuleVersion(0)
                        .setRequestedBy("ada")
                        .setReason("for a test")
                        .setRules(List.of(new ArmedRule(rule, options)))
                        .setTimeMillis(BEGIN + 1)
                        .build());
    }

    static Sent evaluation(RunId run, int attempt, int rung) {
        double end = 0.5 + 0.1 * OPTIMIZERS.indexOf(run.optimizer());
        return Sent.of(
                Topics.EVALUATIONS,
                run.toString(),
                Evaluation.newBuilder()
                        .setRunId(run.toString())
                        .setStudyId(run.studyId())
                        .setAttempt(attempt)
                        .setBackbone(run.backbone())
                        .setOptimizer(run.optimizer())
                        .setSeed(run.seed())
                        .setHyperparameterPoint(0)
                        .setStep(BUDGET * rung / RUNGS)
                        .setBudgetSteps(BUDGET)
                        .setRung(rung)
                        .setRungs(RUNGS)
                        .setFraction((double) rung / RUNGS)
                        .setLoss(1)
                        .setTop1(end * (rung + 1) / (RUNGS + 1))
                        .setTop5(1)
                        .setSamples(1700)
                        .setClasses(10)
                        .setDeviceSeconds(rung)
                        .setTimeMillis(BEGIN + rung)
                        .build());
    }

    /** The first backbone runs whole; of the second, whose runs report side by side, the last one to report is best. */
    static List<Sent> study(String rule, Map<String, Double> options) {
        List<Sent> sent = new ArrayList<>();
        for (String backbone : BACKBONES) {
            OPTIMIZERS.forEach(optimizer -> sent.add(request(run(backbone, optimizer), rule, options)));
        }
        for (String optimizer : OPTIMIZERS) {
            RunId anchor = run("vgg", optimizer);
            sent.add(Records.event(anchor, 1, RunEventKind.STARTED, 0));
            for (int rung = 1; rung <= RUNGS; rung++) {
                sent.add(evaluation(anchor, 1, rung));
            }
            sent.add(Records.event(anchor, 1, RunEventKind.COMPLETED, BUDGET));
        }
        OPTIMIZERS.forEach(optimizer -> sent.add(Records.event(run("deit", optimizer), 1, RunEventKind.STARTED, 0)));
        OPTIMIZERS.forEach(optimizer -> sent.add(evaluation(run("deit", optimizer), 1, 1)));
        sent.add(Records.event(run("deit", "sgd"), 1, RunEventKind.STOPPED, 101, run("deit", "sgd") + ".a1." + rule));
        sent.add(evaluation(run("deit", "lamb"), 1, 2));
        return sent;
    }
}
