package io.couplet.view.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A study at one version of the model, whole, or only what has changed since an earlier version.
 *
 * @param version version of the model
 * @param since 0 for a whole snapshot; otherwise cells hold only those changed after this version
 * @param summary the study in one line
 * @param settings what its runs share; null while no request was read
 * @param backbones columns of the grid, in the study's order
 * @param optimizers rows of the grid, in the study's order
 * @param cells the grid, row by row; those without any record yet included
 * @param rungScores summaries by rung, ascending; null in a delta that changes none
 * @param reportRung rung the report is about; 0 while there is none
 * @param counts the books
 * @param decisions newest stop decisions first: all of them in a snapshot for a report, at most {@value #DECISIONS} in what a page is sent; null in a delta that
 *     changes none
 * @param decisionsTotal all of them
 * @param ruleChanges other stopping rules since it began, oldest first; null in a delta that changes none
 * @param provenance what the runs were made with
 */
public record StudySnapshot(
        long version,
        long since,
        StudySummary summary,
        @Nullable StudySettings settings,
        List<String> backbones,
        List<String> optimizers,
        List<CellSnapshot> cells,
        @Nullable List<RungScore> rungScores,
        int reportRung,
        StudyCounts counts,
        @Nullable List<Decision> decisions,
        int decisionsTotal,
        @Nullable List<RuleChange> ruleChanges,
        StudyProvenance provenance) {

    /** Stop decisions that a page is sent. */
    public static final int DECISIONS = 100;

    /** The summary at a rung; null when there is none. */
    public @Nullable RungScore scoreAt(int rung) {
        if (rungScores != null) {
            for (RungScore score : rungScores) {
                if (score.rung() == rung) {
                    return score;
                }
            }
        }
        return null;
    }

    /** A cell; null when the grid has no such one, or this delta does not change it. */
    public @Nullable CellSnapshot cell(String backbone, String optimizer) {
        for (CellSnapshot cell : cells) {
            if (cell.backbone().equals(backbone) && cell.optimizer().equals(optimizer)) {
                return cell;
            }
        }
        return null;
    }

    /**
     * Whether every run has ended and the last rung's scores are made of all runs that can count there, those that completed and those that diverged: nothing
     * more is to come. A run that was stopped early, or failed, has no value at the last rung.
     */
    public boolean scored() {
        if (!summary.finished() || settings == null) {
            return false;
        }
        int last = settings.rungs().size();
        RungScore score = scoreAt(last);
        int reporting = score == null ? 0 : score.cellsReporting();
        int due = 0;
        for (CellSnapshot cell : cells) {
            long runs = cell.runs().stream()
                    .filter(run -> run.status() == RunStatus.COMPLETED || run.status() == RunStatus.DIVERGED)
                    .count();
            RungValue value = cell.at(last);
            if (runs > (value == null ? 0 : value.runs())) {
                return false;
            }
            due += runs > 0 ? 1 : 0;
        }
        return reporting >= due;
    }
}
