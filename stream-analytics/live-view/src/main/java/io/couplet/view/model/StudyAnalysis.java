package io.couplet.view.model;

import io.couplet.scores.coupling.Cell;
import io.couplet.scores.coupling.Coupling;
import io.couplet.scores.coupling.CouplingSettings;
import io.couplet.scores.coupling.Estimate;
import io.couplet.scores.coupling.Families;
import io.couplet.scores.coupling.Pairing;
import io.couplet.scores.coupling.PerformanceProfiles;
import io.couplet.scores.coupling.Table;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What follows from the scores of one rung and is too much for their records: contrasts of families and profiles of cost.
 *
 * @param rung the rung; 0 while there is none
 * @param target share of a backbone's best accuracy that counts as reached
 * @param families family of each backbone and optimizer that has one
 * @param contrasts by optimizer family, then backbone family; empty while fewer than two families of either kind are known
 * @param profiles one an optimizer, in the study's order; empty while no cell has a cost
 * @param largestRatio ratio up to which the profiles' score integrates
 */
public record StudyAnalysis(
        int rung,
        double target,
        FamilyNames families,
        List<Contrast> contrasts,
        List<Profile> profiles,
        double largestRatio) {

    /** Share of the best accuracy on a backbone that an optimizer must reach there. */
    public static final double TARGET = 0.95;

    /** Family by name. */
    public record FamilyNames(Map<String, String> backbones, Map<String, String> optimizers) {}

    /** How much better a family of optimizers does on a family of backbones than elsewhere, percentage points; see FamilyContrast of the scores. */
    public record Contrast(
            String optimizerFamily,
            String backboneFamily,
            @Nullable Double points,
            @Nullable Double lower,
            @Nullable Double upper,
            @Nullable Double adjustedPValue,
            int cells,
            int cellsExpected) {}

    /**
     * An optimizer's costs over the least of any optimizer on the same backbone.
     *
     * @param ratios ascending, of the backbones on which it reached the target
     * @param backbones backbones on which it ran to the rung
     * @param score AlgoPerf's: mean of the profile between 1 and the largest ratio, in [0, 1]
     */
    public record Profile(
            String optimizer,
            List<Double> ratios,
            int backbones,
            @Nullable Double score,
            @Nullable Double lower,
            @Nullable Double upper) {}

    /** The analysis of a whole snapshot at one rung. */
    public static StudyAnalysis of(StudySnapshot study, int rung, Families families) {
        return new StudyAnalysis(
                rung,
                TARGET,
                new FamilyNames(families.backbones(), families.optimizers()),
                contrasts(study, rung, families),
                profiles(study, rung),
                PerformanceProfiles.ALGOPERF_RATIO);
    }

    private static List<Contrast> contrasts(StudySnapshot study, int rung, Families families) {
        Map<Pairing, Cell> cells = new HashMap<>();
        for (CellSnapshot cell : study.cells()) {
            RungValue value = cell.at(rung);
            if (value != null && value.scored() && value.accuracy() != null) {
                cells.put(
                        new Pairing(cell.backbone(), cell.optimizer()),
                        new Cell(
                                0,
                                List.of(value.accuracy()),
                                value.diverged() ? 1 : 0,
                                Math.max(1, value.runs()),
                                value.deviceSeconds() == null ? Double.NaN : value.deviceSeconds()));
            }
        }
        if (cells.isEmpty()) {
            return List.of();
        }
        Table table = new Table(study.backbones(), study.optimizers(), cells);
        return Coupling.of(table, CouplingSettings.DEFAULTS.withFamilies(families)).contrasts().stream()
                .map(each -> new Contrast(
                        each.optimizerFamily(),
                        each.backboneFamily(),
                        known(each.points().value()),
                        known(each.points().low()),
                        known(each.points().high()),
                        known(each.adjustedPValue()),
                        each.cells(),
                        each.cellsExpected()))
                .toList();
    }

    /** Device seconds to the target, on every backbone by every optimizer that got as far as the rung. */
    private static List<Profile> profiles(StudySnapshot study, int rung) {
        List<String> optimizers = study.optimizers();
        double[][] costs =
                study.backbones().stream().map(name -> costs(study, name, rung)).toArray(double[][]::new);
        if (Arrays.stream(costs).flatMapToDouble(Arrays::stream).allMatch(Double::isNaN)) {
            return List.of();
        }
        return PerformanceProfiles.of(optimizers, costs, PerformanceProfiles.ALGOPERF_RATIO).profiles().stream()
                .map(StudyAnalysis::profile)
                .toList();
    }

    private static Profile profile(PerformanceProfiles.Profile profile) {
        Estimate score = profile.score();
        return new Profile(
                profile.optimizer(),
                profile.ratios().stream().filter(Double::isFinite).toList(),
                profile.ratios().size(),
                known(score.value()),
                known(score.low()),
                known(score.high()));
    }

    private static double[] costs(StudySnapshot study, String backbone, int rung) {
        double best = Double.NEGATIVE_INFINITY;
        for (String optimizer : study.optimizers()) {
            best = Math.max(best, accuracy(study, backbone, optimizer, rung));
        }
        double[] costs = new double[study.optimizers().size()];
        for (int o = 0; o < costs.length; o++) {
            String optimizer = study.optimizers().get(o);
            boolean ran = accuracy(study, backbone, optimizer, rung) > Double.NEGATIVE_INFINITY;
            CellSnapshot cell = study.cell(backbone, optimizer);
            costs[o] = ran && cell != null ? secondsTo(TARGET * best, cell, rung) : Double.NaN;
        }
        return costs;
    }

    private static double accuracy(StudySnapshot study, String backbone, String optimizer, int rung) {
        CellSnapshot cell = study.cell(backbone, optimizer);
        RungValue value = cell == null ? null : cell.at(rung);
        return value == null || value.accuracy() == null ? Double.NEGATIVE_INFINITY : value.accuracy();
    }

    /** Linear between rungs; infinite when the target was not reached, NaN when nothing tells what it cost. */
    private static double secondsTo(double target, CellSnapshot cell, int rung) {
        double seconds = 0;
        double accuracy = 0;
        for (RungValue value : cell.rungs()) {
            if (value.accuracy() == null || value.deviceSeconds() == null || value.rung() > rung) {
                continue;
            }
            if (value.accuracy() >= target) {
                double share = value.accuracy() > accuracy ? (target - accuracy) / (value.accuracy() - accuracy) : 1;
                double at = seconds + share * (value.deviceSeconds() - seconds);
                return at > 0 ? at : Double.NaN;
            }
            seconds = value.deviceSeconds();
            accuracy = value.accuracy();
        }
        return seconds > 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    }

    private static @Nullable Double known(double value) {
        return Double.isFinite(value) ? (Double) value : null;
    }
}
