package io.couplet.view.report;

import io.couplet.view.model.Advice;
import io.couplet.view.model.CellSnapshot;
import io.couplet.view.model.RungScore;
import io.couplet.view.model.RungValue;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.StudySummary;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A study as a table for the terminal: accuracy and coupling of every pairing, then the advice. */
public final class GridTable {

    /** Width of a terminal that does not tell its own. */
    public static final int DEFAULT_WIDTH = 100;

    private static final int GAP = 2;
    private static final int LEAST_COLUMN = 11;

    private GridTable() {}

    /**
     * The table; more backbones than fit stand in further blocks beneath.
     *
     * @param width columns of the terminal
     */
    public static String render(StudySnapshot study, int width) {
        StringBuilder out = new StringBuilder(1024);
        int rung = study.reportRung();
        out.append(title(study)).append("\n\n");
        out.append("Top-1 accuracy in %, and coupling in percentage points\n");
        int names = study.optimizers().stream().mapToInt(String::length).max().orElse(0);
        List<String> block = new ArrayList<>();
        int used = names;
        for (String backbone : study.backbones()) {
            int column = width(backbone);
            if (!block.isEmpty() && used + column > width) {
                block(out, study, rung, names, block);
                block = new ArrayList<>();
                used = names;
            }
            block.add(backbone);
            used += column;
        }
        if (!block.isEmpty()) {
            block(out, study, rung, names, block);
        }
        legend(out, study, rung);
        out.append('\n');
        for (Advice.Sentence sentence : Advice.of(study)) {
            wrap(out, sentence.text(), width);
        }
        return out.toString();
    }

    private static String title(StudySnapshot study) {
        StudySummary summary = study.summary();
        RungScore score = study.scoreAt(study.reportRung());
        String coverage = score == null
                ? "no scores yet"
                : "rung %d, %d of %d cells".formatted(score.rung(), score.cellsReporting(), score.cellsExpected());
        return "Study %s: %d of %d runs ended, %s"
                .formatted(summary.id(), summary.ended(), summary.runsExpected(), coverage);
    }

    private static void block(StringBuilder out, StudySnapshot study, int rung, int names, List<String> backbones) {
        out.append('\n').append(" ".repeat(names));
        backbones.forEach(backbone -> out.append(right(backbone + ' ', width(backbone))));
        newLine(out);
        for (String optimizer : study.optimizers()) {
            out.append(optimizer).append(" ".repeat(names - optimizer.length()));
            for (String backbone : backbones) {
                out.append(right(cell(study.cell(backbone, optimizer), rung), width(backbone)));
            }
            newLine(out);
        }
    }

    /** Ends a line, without blanks at its end. */
    private static void newLine(StringBuilder out) {
        while (out.length() > 0 && out.charAt(out.length() - 1) == ' ') {
            out.setLength(out.length() - 1);
        }
        out.append('\n');
    }

    private static int width(String backbone) {
        return GAP + Math.max(LEAST_COLUMN, backbone.length() + 1);
    }

    /** E.g. {@code 45.7 +1.2*}: the last place is for a mark, so that the numbers stay in line. */
    private static String cell(@Nullable CellSnapshot cell, int rung) {
        RungValue value = cell == null ? null : cell.at(rung);
        if (cell == null || value == null || !value.scored()) {
            return (cell == null ? Texts.NONE : cell.status().label()) + ' ';
        }
        String mark = value.diverged() ? "x" : value.indistinguishableFromBest() ? "*" : " ";
        return Texts.percent(value.accuracy()) + right(Texts.points(value.coupling()), 6) + mark;
    }

    private static void legend(StringBuilder out, StudySnapshot study, int rung) {
        boolean best = false;
        boolean diverged = false;
        for (CellSnapshot cell : study.cells()) {
            RungValue value = cell.at(rung);
            best |= value != null && value.scored() && value.indistinguishableFromBest() && !value.diverged();
            diverged |= value != null && value.scored() && value.diverged();
        }
        if (best) {
            out.append("* cannot be told apart from its backbone's best\n");
        }
        if (diverged) {
            out.append("x diverged, counted as chance level\n");
        }
    }

    private static String right(String text, int width) {
        return " ".repeat(Math.max(0, width - text.length())) + text;
    }

    private static void wrap(StringBuilder out, String sentence, int width) {
        int column = 0;
        for (String word : sentence.split(" ", -1)) {
            if (column > 0 && column + 1 + word.length() > width) {
                out.append("\n  ");
                column = 2;
            } else if (column > 0) {
                out.append(' ');
                column++;
            }
            out.append(word);
            column += word.length();
        }
        out.append('\n');
    }
}
