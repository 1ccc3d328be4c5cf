package io.couplet.view;

import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.BackboneSummary;
import io.couplet.schemas.avro.CouplingScore;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.OptimizerSummary;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.StudyScore;
import io.couplet.scores.coupling.Advice;
import io.couplet.scores.coupling.Cell;
import io.couplet.scores.coupling.Coupling;
import io.couplet.scores.coupling.CouplingSettings;
import io.couplet.scores.coupling.Families;
import io.couplet.scores.coupling.Pairing;
import io.couplet.scores.coupling.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * A printed table of results as the records that a finished study with these results would have left: CSV with the columns optimizer, its family, backbone, its family, recipe,
 * top-1 in percent. Scores are the real ones; there are no steps and no device time in a table.
 */
final class DemoTable {

    private static final String STUDY = "paper-table-1-000000";
    private static final int VALIDATION_IMAGES = 10_000;

    private final Map<Pairing, Double> accuracies = new LinkedHashMap<>();
    private final Map<String, String> backbones = new LinkedHashMap<>();
    private final Map<String, String> optimizers = new LinkedHashMap<>();

    DemoTable(Path csv) throws IOException {
        for (String line : Files.readAllLines(csv).stream().skip(1).toList()) {
            List<String> fields = List.of(line.split(",", -1));
            optimizers.put(id(fields.get(0)), "family " + fields.get(1));
            backbones.put(id(fields.get(2)), fields.get(3));
            accuracies.put(new Pairing(id(fields.get(2)), id(fields.get(0))), Double.parseDouble(fields.get(5)) / 100);
        }
    }

    Families families() {
        return new Families(backbones, optimizers);
    }

    /** Names as run ids allow them. */
    private static String id(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    }

    void write(BiConsumer<String, SpecificRecord> out) {
        Map<Pairing, Cell> cells = new HashMap<>();
        accuracies.forEach((pairing, accuracy) -> {
            cells.put(pairing, new Cell(0, List.of(accuracy), 0, 1, Double.NaN));
            String runId = new RunId(STUDY, pairing.backbone(), pairing.optimizer(), 0, "a0b1c2").toString();
            out.accept(Topics.EVALUATIONS.name(), evaluation(runId, pairing, accuracy));
            out.accept(Topics.RUN_EVENTS.name(), completed(runId, pairing));
        });
        Table table = new Table(List.copyOf(backbones.keySet()), List.copyOf(optimizers.keySet()), cells);
        Coupling coupling = Coupling.of(table, CouplingSettings.DEFAULTS.withValidationSamples(VALIDATION_IMAGES));
        coupling.cells().forEach(cell -> out.accept(Topics.COUPLING_SCORES.name(), score(cell)));
        out.accept(Topics.STUDY_SCORES.name(), score(coupling));
    }

    private static Evaluation evaluation(String runId, Pairing pairing, double accuracy) {
        return Evaluation.newBuilder()
                .setRunId(runId)
                .setStudyId(STUDY)
                .setAttempt(1)
                .setBackbone(pairing.backbone())
                .setOptimizer(pairing.optimizer())
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setStep(1)
                .setBudgetSteps(1)
                .setRung(1)
                .setRungs(1)
                .setFraction(1)
                .setLoss(Double.NaN)
                .setTop1(accuracy)
                .setTop5(Double.NaN)
                .setSamples(VALIDATION_IMAGES)
                .setClasses(100)
                .setDeviceSeconds(0)
                .setTimeMillis(DemoRecords.BEGIN)
                .build();
    }

    private static RunEvent completed(String runId, Pairing pairing) {
        return RunEvent.newBuilder()
                .setRunId(runId)
                .setStudyId(STUDY)
                .setAttempt(1)
                .setBackbone(pairing.backbone())
                .setOptimizer(pairing.optimizer())
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setKind(RunEventKind.COMPLETED)
                .setStep(1)
                .setBudgetSteps(1)
                .setWarmupSteps(0)
                .setResumedAtStep(0)
                .setStepsTrained(0)
                .setDeviceSeconds(0)
                .setTimeMillis(DemoRecords.BEGIN)
                .build();
    }

    private static CouplingScore score(Coupling.CellCoupling cell) {
        return CouplingScore.newBuilder()
                .setStudyId(STUDY)
                .setRung(1)
                .setFraction(1)
                .setBackbone(cell.backbone())
                .setOptimizer(cell.optimizer())
                .setAccuracy(cell.cell().accuracy())
                .setRuns(1)
                .setSeeds(1)
                .setDiverged(false)
                .setFailed(cell.failed())
                .setCoupling(known(cell.residualPoints().value()))
                .setCouplingLower(known(cell.residualPoints().low()))
                .setCouplingUpper(known(cell.residualPoints().high()))
                .setIndistinguishableFromBest(cell.indistinguishableFromBest())
                .setDeviceSeconds(0)
                .setTimeMillis(DemoRecords.BEGIN)
                .build();
    }

    private static StudyScore score(Coupling coupling) {
        return StudyScore.newBuilder()
                .setStudyId(STUDY)
                .setRung(1)
                .setFraction(1)
                .setCellsReporting(coupling.cellsReporting())
                .setCellsExpected(coupling.cellsExpected())
                .setOverall(known(coupling.overallPoints()))
                .setBackboneShare(known(coupling.shares().backbone().value()))
                .setOptimizerShare(known(coupling.shares().optimizer().value()))
                .setInteractionShare(known(coupling.shares().interaction().value()))
                .setBackboneShareLower(known(coupling.shares().backbone().low()))
                .setBackboneShareUpper(known(coupling.shares().backbone().high()))
                .setOptimizerShareLower(known(coupling.shares().optimizer().low()))
                .setOptimizerShareUpper(known(coupling.shares().optimizer().high()))
                .setInteractionShareLower(known(coupling.shares().interaction().low()))
                .setInteractionShareUpper(known(coupling.shares().interaction().high()))
                .setNoiseShare(known(coupling.shares().noise()))
                .setInteractionTest(coupling.interaction().kind().name().toLowerCase(Locale.ROOT))
                .setInteractionPValue(known(coupling.interaction().pValue()))
                .setBackbones(coupling.backbones().stream()
                        .map(each -> BackboneSummary.newBuilder()
                                .setName(each.name())
                                .setEffect(known(each.effectPoints()))
                                .setCoupling(known(each.couplingPoints()))
                                .setMean(known(each.statistics().mean()))
                                .setStd(known(each.statistics().std()))
                                .setRange(known(each.statistics().range()))
                                .setPrintedMean(known(each.statistics().printedMean()))
                                .setPrintedStd(known(each.statistics().printedStd()))
                                .setPrintedRange(known(each.statistics().printedRange()))
                                .setFailures(each.failures())
                                .setBest(each.best())
                                .build())
                        .toList())
                .setOptimizers(coupling.optimizers().stream()
                        .map(each -> OptimizerSummary.newBuilder()
                                .setName(each.name())
                                .setEffect(known(each.effectPoints()))
                                .setCoupling(known(each.couplingPoints()))
                                .setFailures(each.failures())
                                .setOverallRank(known(each.overallRank()))
                                .setWorstRegret(known(each.worstRegretPoints()))
                                .build())
                        .toList())
                .setMinimaxOptimizer(coupling.advice()
                        .minimax()
                        .map(Advice.Minimax::optimizer)
                        .orElse(null))
                .setMinimaxRegret(coupling.advice()
                        .minimax()
                        .map(minimax -> minimax.regret().value())
                        .orElse(null))
                .setPareto(List.of())
                .setTimeMillis(DemoRecords.BEGIN)
                .build();
    }

    private static @Nullable Double known(double value) {
        return Double.isNaN(value) ? null : (Double) value;
    }
}
