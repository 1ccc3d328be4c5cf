package io.couplet.view.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.couplet.scores.coupling.Families;
import io.couplet.view.model.Advice;
import io.couplet.view.model.CellSnapshot;
import io.couplet.view.model.Decision;
import io.couplet.view.model.Json;
import io.couplet.view.model.RunStatus;
import io.couplet.view.model.RunSummary;
import io.couplet.view.model.RungScore;
import io.couplet.view.model.RungValue;
import io.couplet.view.model.StudyAnalysis;
import io.couplet.view.model.StudyCounts;
import io.couplet.view.model.StudyProvenance;
import io.couplet.view.model.StudySettings;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.StudySummary;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a study has shown, at its report rung: the last one once every run has ended, else the highest that every cell has
 * reached. Scripts rely on the names of these components.
 *
 * @param study identity, how far it is, and the rung the report is about
 * @param cells one per pairing, optimizer by optimizer
 * @param backbones the scores' summary per backbone; empty while there is none
 * @param optimizers the scores' summary per optimizer; empty while there is none
 * @param analysis contrasts of families and profiles of cost
 * @param advice in sentences, and the names and figures they are made of
 * @param provenance what the runs were made with, and how to repeat them
 * @param counts the books
 * @param runs every run
 * @param decisions stop decisions, newest first
 * @param stopping the steps that stopping early has saved, and by which rule
 */
public record StudyReport(
        Study study,
        List<Cell> cells,
        List<RungScore.Backbone> backbones,
        List<RungScore.Optimizer> optimizers,
        StudyAnalysis analysis,
        AdviceGiven advice,
        ProvenanceShown provenance,
        StudyCounts counts,
        List<Run> runs,
        List<Decision> decisions,
        StepsSaved stopping) {

    /** What the report is about; reason says why there are no scores, when there are none. */
    public record Study(
            @JsonUnwrapped StudySummary summary,
            boolean finished,
            int rung,
            int rungs,
            @Nullable Double fraction,
            int cellsReporting,
            int cellsExpected,
            @Nullable String reason) {}

    /**
     * One pairing.
     *
     * @param runs its runs
     * @param accuracy top-1, a fraction; of the best hyper-parameter point, mean over seeds; null with a reason
     * @param coupling residual, percentage points; null with a reason
     * @param verdict verdict most of its runs have
     * @param steps steps trained by all its runs together
     * @param seconds device seconds of all its runs together
     * @param reason why accuracy or coupling is null
     */
    public record Cell(
            String backbone,
            String optimizer,
            int runs,
            @Nullable Double accuracy,
            @Nullable Double coupling,
            @Nullable String verdict,
            long steps,
            double seconds,
            RunStatus status,
            int seeds,
            @Nullable Double accuracyStandardError,
            @Nullable Double couplingLower,
            @Nullable Double couplingUpper,
            boolean diverged,
            boolean failed,
            boolean indistinguishableFromBest,
            @Nullable Double learningRate,
            @Nullable Double weightDecay,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String reason) {}

    /** Advice in sentences, and the names and figures they are made of. */
    public record AdviceGiven(
            List<String> sentences,
            @Nullable String minimaxOptimizer,
            @Nullable Double minimaxRegret,
            @Nullable Double backboneShare,
            @Nullable Double optimizerShare,
            @Nullable Double interactionShare,
            RungScore.@Nullable Interval backboneShareInterval,
            RungScore.@Nullable Interval optimizerShareInterval,
            RungScore.@Nullable Interval interactionShareInterval,
            @Nullable Double noiseShare,
            @Nullable String interactionTest,
            @Nullable Double interactionPValue,
            List<RungScore.Pareto> pareto) {}

    /** What the runs were made with; made is when the report was, in UTC. */
    public record ProvenanceShown(
            String made,
            @Nullable StudySettings settings,
            List<StudyProvenance.Environment> environments,
            List<StudyProvenance.Data> data) {}

    /** One run and the pairing it belongs to. */
    public record Run(
            String backbone,
            String optimizer,
            @JsonUnwrapped RunSummary run) {}

    /** The report of a whole snapshot, without families to contrast. */
    public static StudyReport of(StudySnapshot snapshot, Instant made) {
        return of(snapshot, made, Families.NONE);
    }

    /** The report of a whole snapshot. */
    public static StudyReport of(StudySnapshot snapshot, Instant made, Families families) {
        int rung = snapshot.reportRung();
        RungScore score = snapshot.scoreAt(rung);
        StudySettings settings = snapshot.settings();
        return new StudyReport(
                new Study(
                        snapshot.summary(),
                        snapshot.summary().finished(),
                        rung,
                        rungs(settings, score),
                        score == null ? null : (Double) score.fraction(),
                        score == null ? 0 : score.cellsReporting(),
                        snapshot.cells().size(),
                        score == null ? "no scores have been computed for this study" : score.tooFew()),
                snapshot.cells().stream().map(cell -> cell(cell, rung, score)).toList(),
                score == null ? List.of() : score.backbones(),
                score == null ? List.of() : score.optimizers(),
                StudyAnalysis.of(snapshot, rung, families),
                new AdviceGiven(
                        Advice.of(snapshot).stream().map(Advice.Sentence::text).toList(),
                        score == null ? null : score.minimaxOptimizer(),
                        score == null ? null : score.minimaxRegret(),
                        score == null ? null : score.backboneShare(),
                        score == null ? null : score.optimizerShare(),
                        score == null ? null : score.interactionShare(),
                        score == null ? null : score.backboneShareInterval(),
                        score == null ? null : score.optimizerShareInterval(),
                        score == null ? null : score.interactionShareInterval(),
                        score == null ? null : score.noiseShare(),
                        score == null ? null : score.interactionTest(),
                        score == null ? null : score.interactionPValue(),
                        score == null ? List.of() : score.pareto()),
                new ProvenanceShown(
                        made.toString(),
                        settings,
                        snapshot.provenance().environments(),
                        snapshot.provenance().data()),
                snapshot.counts(),
                runs(snapshot),
                Objects.requireNonNullElse(snapshot.decisions(), List.of()),
                StepsSaved.of(snapshot));
    }

    private static List<Run> runs(StudySnapshot snapshot) {
        List<Run> runs = new ArrayList<>();
        for (CellSnapshot cell : snapshot.cells()) {
            cell.runs().forEach(run -> runs.add(new Run(cell.backbone(), cell.optimizer(), run)));
        }
        return List.copyOf(runs);
    }

    private static Cell cell(CellSnapshot cell, int rung, @Nullable RungScore score) {
        RungValue at = cell.at(rung);
        RungValue value = at != null && at.scored() ? at : null;
        return new Cell(
                cell.backbone(),
                cell.optimizer(),
                cell.runs().size(),
                value == null ? null : value.accuracy(),
                value == null ? null : value.coupling(),
                cell.verdict(),
                cell.steps(),
                cell.seconds(),
                cell.status(),
                value == null ? 0 : value.seeds(),
                value == null ? null : value.accuracyStandardError(),
                value == null ? null : value.couplingLower(),
                value == null ? null : value.couplingUpper(),
                value != null && value.diverged(),
                value != null && value.failed(),
                value != null && value.indistinguishableFromBest(),
                value == null ? null : value.learningRate(),
                value == null ? null : value.weightDecay(),
                reason(cell, rung, value, score));
    }

    private static @Nullable String reason(
            CellSnapshot cell, int rung, @Nullable RungValue value, @Nullable RungScore score) {
        if (value == null) {
            return rung == 0
                    ? "no scores have been computed for this study"
                    : "no score at rung " + rung + "; its runs are "
                            + cell.status().label();
        }
        if (value.coupling() == null) {
            return score != null && score.tooFew() != null ? score.tooFew() : "too few cells report for a coupling";
        }
        return null;
    }

    /** As JSON, indented. */
    public String json() {
        return Json.indented(this) + "\n";
    }

    /** As Markdown. */
    public String markdown() {
        return MarkdownReport.of(this);
    }

    /** The cells as comma-separated values with a header; empty where there is no value. */
    public String csv() {
        return CsvReport.of(this);
    }

    /** As one HTML file that needs nothing else. */
    public String html() {
        return HtmlReport.of(this);
    }

    /** The grid's columns, in the study's order. */
    List<String> backboneNames() {
        return cells.stream().map(Cell::backbone).distinct().toList();
    }

    /** The grid's rows, in the study's order. */
    List<String> optimizerNames() {
        return cells.stream().map(Cell::optimizer).distinct().toList();
    }

    /** A cell of the grid; null when it has none. */
    @Nullable
    Cell cellOf(String backbone, String optimizer) {
        for (Cell cell : cells) {
            if (cell.backbone().equals(backbone) && cell.optimizer().equals(optimizer)) {
                return cell;
            }
        }
        return null;
    }

    /** How many there are; where no request says it, as of logs that were followed, the share that a rung stands for does. */
    private static int rungs(@Nullable StudySettings settings, @Nullable RungScore score) {
        if (settings != null) {
            return settings.rungs().size();
        }
        return score == null ? 0 : (int) Math.round(score.rung() / score.fraction());
    }

    /** Which rung, in words. */
    String rungInWords() {
        if (study.rung() == 0) {
            return "no scores yet";
        }
        Double fraction = study.fraction();
        String share = fraction == null || fraction >= 1
                ? "the whole budget"
                : Texts.wholePercent(fraction) + " % of the budget";
        return "rung %d of %d, %s".formatted(study.rung(), study.rungs(), share);
    }

    /** The command that trains this study again: with the study's file, when it had one, and with nothing of its runs done. */
    String repeatCommand() {
        StudySettings settings = provenance.settings();
        String data = settings == null || settings.dataPath() == null ? "" : " --data " + quoted(settings.dataPath());
        return "couplet run [STUDY]" + data + " --data-dir NEW-DIRECTORY";
    }

    /** As a shell takes it for one word, whatever is in it. */
    private static String quoted(String word) {
        return '\'' + word.replace("'", "'\\''") + '\'';
    }
}
