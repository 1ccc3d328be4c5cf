package io.couplet.scores.coupling;

import java.util.List;
import java.util.Map;

/**
 * What is known beside the table.
 *
 * @param validationSamples validation images each accuracy was measured on, which makes intervals possible with one seed; 0 when unknown
 * @param gammaPoints the γ of the paper's failure rule, percentage points
 * @param families families for the contrasts
 * @param robustnessRanks rank of each optimizer by robustness to hyper-parameters, 1 is best; optimizers may be missing
 * @param costRanks rank of each optimizer by cost, 1 is cheapest; in place of ranks by device seconds unless empty
 * @param chosenBackbones backbones for which one optimizer is to be named; empty for all that report
 */
public record CouplingSettings(
        long validationSamples,
        double gammaPoints,
        Families families,
        Map<String, Double> robustnessRanks,
        Map<String, Double> costRanks,
        List<String> chosenBackbones) {

    /** Nothing is known, and the paper's γ. */
    public static final CouplingSettings DEFAULTS =
            new CouplingSettings(0, PaperStatistics.GAMMA, Families.NONE, Map.of(), Map.of(), List.of());

    public CouplingSettings {
        if (validationSamples < 0) {
            throw new IllegalArgumentException("validationSamples must not be negative, was " + validationSamples);
        }
        if (!(gammaPoints >= 0)) {
            throw new IllegalArgumentException("gammaPoints must not be negative, was " + gammaPoints);
        }
        robustnessRanks = Map.copyOf(robustnessRanks);
        costRanks = Map.copyOf(costRanks);
        chosenBackbones = List.copyOf(chosenBackbones);
    }

    public CouplingSettings withValidationSamples(long samples) {
        return new CouplingSettings(samples, gammaPoints, families, robustnessRanks, costRanks, chosenBackbones);
    }

    public CouplingSettings withGamma(double points) {
        return new CouplingSettings(validationSamples, points, families, robustnessRanks, costRanks, chosenBackbones);
    }

    public CouplingSettings withFamilies(Families known) {
        return new CouplingSettings(validationSamples, gammaPoints, known, robustnessRanks, costRanks, chosenBackbones);
    }

    /** Ranks by robustness as given; see {@link Ranks#dense} for ranks of distances. */
    public CouplingSettings withRobustnessRanks(Map<String, Double> ranks) {
        return new CouplingSettings(validationSamples, gammaPoints, families, ranks, costRanks, chosenBackbones);
    }

    public CouplingSettings withCostRanks(Map<String, Double> ranks) {
        return new CouplingSettings(validationSamples, gammaPoints, families, robustnessRanks, ranks, chosenBackbones);
    }

    public CouplingSettings withChosenBackbones(List<String> backbones) {
        return new CouplingSettings(validationSamples, gammaPoints, families, robustnessRanks, costRanks, backbones);
    }
}
