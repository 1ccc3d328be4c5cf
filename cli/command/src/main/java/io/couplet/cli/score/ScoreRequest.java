package io.couplet.cli.score;

import io.couplet.cli.local.UserError;
import io.couplet.scores.coupling.Coupling;
import io.couplet.scores.coupling.CouplingSettings;
import io.couplet.scores.coupling.PerformanceProfiles;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a user asks of a table.
 *
 * @param table the table of results
 * @param percent what its numbers are: true for percent, false for fractions; found from the numbers when empty
 * @param families a file of families
 * @param ranks a file of ranks by robustness and computation
 * @param seconds a file of device seconds
 * @param toTarget a file of steps or seconds to a target
 * @param backbones for which one optimizer is to be named; empty for all
 * @param gamma the γ of the paper's failure rule, percentage points
 * @param chance the accuracy of guessing, in the table's unit
 * @param samples validation images of each accuracy; 0 when unknown
 */
public record ScoreRequest(
        Path table,
        Optional<Boolean> percent,
        Optional<Path> families,
        Optional<Path> ranks,
        Optional<Path> seconds,
        Optional<Path> toTarget,
        List<String> backbones,
        double gamma,
        OptionalDouble chance,
        long samples) {

    /** Reads all files and analyses the table; throws {@link UserError} for what the user can mend. */
    public ScoreReport report() {
        if (!(gamma >= 0 && gamma <= 100)) {
            throw new UserError("--gamma must be from 0 to 100 percentage points, was " + gamma + ".");
        }
        if (samples < 0) {
            throw new UserError("--samples must be at least 1, was " + samples + ".");
        }
        ResultTable results =
                ResultTable.read(table, percent.map(p -> p ? ResultTable.Unit.PERCENT : ResultTable.Unit.FRACTION));
        for (String backbone : backbones) {
            if (!results.backbones().contains(backbone)) {
                throw new UserError("--backbones: '" + backbone + "' is no column of " + results.file()
                        + ": choose among " + String.join(", ", results.backbones()) + ".");
            }
        }
        GivenRanks given = ranks.map(path -> GivenRanks.read(path, results)).orElse(GivenRanks.NONE);
        Optional<CostTable> costs = seconds.map(path -> CostTable.read(path, results));
        Optional<CostTable> targets = toTarget.map(path -> CostTable.read(path, results));
        CouplingSettings settings = CouplingSettings.DEFAULTS
                .withValidationSamples(samples)
                .withGamma(gamma)
                .withFamilies(NamedFamilies.of(results, families))
                .withRobustnessRanks(given.robustness())
                .withCostRanks(given.cost())
                .withChosenBackbones(backbones);
        Coupling coupling = Coupling.of(results.scored(chance(results), costs), settings);
        return new ScoreReport(results, settings, coupling, targets.map(each -> profiles(results, each)));
    }

    private double chance(ResultTable results) {
        if (chance.isEmpty()) {
            if (results.hasDiverged()) {
                throw new UserError(
                        results.file() + " has runs that diverged: give the accuracy of guessing with --chance ("
                                + (results.unit() == ResultTable.Unit.PERCENT ? "1" : "0.01") + " with 100 classes).");
            }
            return Double.NaN;
        }
        double fraction = results.unit().fraction(chance.getAsDouble());
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new UserError("--chance must be from 0 to "
                    + (int) Math.rint(1 / results.unit().fraction(1)) + " as the table is in " + results.unit()
                    + ", was " + chance.getAsDouble() + ".");
        }
        return fraction;
    }

    /** A pairing with a result and no number did not reach the target; one without a result did not run. */
    private static PerformanceProfiles profiles(ResultTable results, CostTable targets) {
        double[][] costs =
                new double[results.backbones().size()][results.optimizers().size()];
        for (double[] row : costs) {
            java.util.Arrays.fill(row, Double.NaN);
        }
        for (ResultTable.Reported cell : results.cells()) {
            costs[results.backbones().indexOf(cell.backbone())][
                            results.optimizers().indexOf(cell.optimizer())] =
                    targets.of(cell.backbone(), cell.optimizer()).orElse(Double.POSITIVE_INFINITY);
        }
        return PerformanceProfiles.of(results.optimizers(), costs, PerformanceProfiles.ALGOPERF_RATIO);
    }
}
