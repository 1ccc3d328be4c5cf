package io.couplet.scores.coupling;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * How far an optimizer's hyper-parameters have to be moved from backbone to backbone (arXiv:2410.06373, A.3): the Manhattan distance, in steps of the
 * grid, of each backbone's best (learning rate, weight decay) from the mode, the point that is best on most backbones; 0 is "tune once".
 *
 * @param mode the point that is best most often; in a tie the one with the smaller sum of distances, then the smaller learning rate, then weight decay
 * @param steps mean distance in grid steps, with Student's 95 % interval over the backbones, none with one; NaN when the grid has a single
 *     point, because then nothing could move
 * @param backbones backbones it is a mean of
 * @param gridPoints points of the grid: distinct learning rates times distinct weight decays
 */
public record Robustness(HyperparameterPoint mode, Estimate steps, int backbones, int gridPoints) {

    private static final double UPPER = 0.975;

    /**
     * Robustness of one optimizer. Backbones that were tried at other values than each other compare by place: their points are then (rates below it, decays below it)
     * among their own.
     *
     * @param best each backbone's best point, at least one
     * @param tried all points that were tried on any backbone; their learning rates and weight decays, and those of {@code best}, make the grid
     */
    public static Robustness of(List<HyperparameterPoint> best, Collection<HyperparameterPoint> tried) {
        if (best.isEmpty()) {
            throw new IllegalArgumentException("best must hold at least one point, was empty");
        }
        TreeSet<Double> rates = new TreeSet<>();
        TreeSet<Double> decays = new TreeSet<>();
        for (Collection<HyperparameterPoint> points : List.of(best, tried)) {
            for (HyperparameterPoint point : points) {
                rates.add(point.learningRate());
                decays.add(point.weightDecay());
            }
        }
        Grid grid = new Grid(new ArrayList<>(rates), new ArrayList<>(decays));
        HyperparameterPoint mode = grid.mode(best);
        double[] distances =
                best.stream().mapToDouble(point -> grid.distance(point, mode)).toArray();
        int gridPoints = rates.size() * decays.size();
        return new Robustness(mode, gridPoints < 2 ? Estimate.TOO_FEW : mean(distances), best.size(), gridPoints);
    }

    private static Estimate mean(double[] distances) {
        int n = distances.length;
        double mean = Means.of(distances);
        if (n < 2) {
            return new Estimate(mean, Double.NaN, Double.NaN);
        }
        double error = Math.sqrt(Means.deviations(distances) / (n - 1) / n);
        double quantile = TDistribution.of(n - 1).inverseCumulativeProbability(UPPER);
        return Estimate.around(mean, quantile * error).within(0, Double.POSITIVE_INFINITY);
    }

    private record Grid(List<Double> rates, List<Double> decays) {

        int distance(HyperparameterPoint from, HyperparameterPoint to) {
            return Math.abs(rates.indexOf(from.learningRate()) - rates.indexOf(to.learningRate()))
                    + Math.abs(decays.indexOf(from.weightDecay()) - decays.indexOf(to.weightDecay()));
        }

        HyperparameterPoint mode(List<HyperparameterPoint> best) {
            return best.stream()
                    .distinct()
                    .min(Comparator.comparingLong((HyperparameterPoint each) ->
                                    -best.stream().filter(each::equals).count())
                            .thenComparingInt(each -> best.stream()
                                    .mapToInt(point -> distance(point, each))
                                    .sum())
                            .thenComparingDouble(HyperparameterPoint::learningRate)
                            .thenComparingDouble(HyperparameterPoint::weightDecay))
                    .orElseThrow();
        }
    }
}
