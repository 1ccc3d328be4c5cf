package io.couplet.scores.coupling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Performance profiles (Dolan and Moré 2002, Mathematical Programming 91) and AlgoPerf's score (Dahl et al. 2023, arXiv:2306.07179) of optimizers from the
 * steps or seconds that each took to a target on each backbone.
 *
 * <p>An optimizer's ratio on a backbone is its cost over the least cost of any optimizer there; its profile at τ is the share of the backbones
 * on which its ratio is at most τ; its score is the profile's mean between 1 and {@code largestRatio}, in [0, 1].
 *
 * @param profiles one an optimizer, in the order given
 * @param largestRatio the τ up to which the score integrates, above 1
 * @param unreached backbones on which no optimizer reached the target: they count against all
 */
public record PerformanceProfiles(List<Profile> profiles, double largestRatio, int unreached) {

    /** AlgoPerf integrates up to four times the best. */
    public static final double ALGOPERF_RATIO = 4;

    private static final double UPPER = 0.975;

    /**
     * One optimizer.
     *
     * @param optimizer the optimizer
     * @param ratios its ratios in ascending order, infinite where it did not reach the target
     * @param score AlgoPerf's score with Student's 95 % interval over the backbones; NaN when it ran on none, no interval when on one
     */
    public record Profile(String optimizer, List<Double> ratios, Estimate score) {

        /** Share of the backbones on which the optimizer took at most {@code ratio} times the least cost; NaN when it ran on none. */
        public double at(double ratio) {
            return ratios.isEmpty()
                    ? Double.NaN
                    : ratios.stream().filter(r -> r <= ratio).count() / (double) ratios.size();
        }
    }

    /**
     * Profiles of a table of costs.
     *
     * @param optimizers the optimizers, columns of {@code costs}
     * @param costs of shape (backbones, optimizers), positive; infinite where the target was not reached, NaN where the pairing did not run
     * @param largestRatio above 1; {@link #ALGOPERF_RATIO} by default
     */
    public static PerformanceProfiles of(List<String> optimizers, double[][] costs, double largestRatio) {
        if (!(largestRatio > 1) || Double.isInfinite(largestRatio)) {
            throw new IllegalArgumentException("largestRatio must be finite and above 1, was " + largestRatio);
        }
        List<List<Double>> ratios = new ArrayList<>();
        optimizers.forEach(each -> ratios.add(new ArrayList<>()));
        int unreached = 0;
        for (double[] backbone : costs) {
            double least = least(backbone);
            unreached += Double.isInfinite(least) && Means.count(backbone) > 0 ? 1 : 0;
            for (int o = 0; o < backbone.length; o++) {
                if (!Double.isNaN(backbone[o])) {
                    ratios.get(o).add(Double.isInfinite(backbone[o]) ? Double.POSITIVE_INFINITY : backbone[o] / least);
                }
            }
        }
        List<Profile> profiles = new ArrayList<>();
        for (int o = 0; o < optimizers.size(); o++) {
            List<Double> sorted = ratios.get(o).stream().sorted().toList();
            profiles.add(new Profile(optimizers.get(o), sorted, score(sorted, largestRatio)));
        }
        return new PerformanceProfiles(List.copyOf(profiles), largestRatio, unreached);
    }

    private static double least(double[] costs) {
        double least = Double.POSITIVE_INFINITY;
        for (double cost : costs) {
            if (cost <= 0) {
                throw new IllegalArgumentException("costs must be positive, one was " + cost);
            }
            least = cost < least ? cost : least;
        }
        return least;
    }

    /** The integral of a step function is the mean over its steps of what is left to the right of each. */
    private static Estimate score(List<Double> ratios, double largest) {
        double[] parts = ratios.stream()
                .mapToDouble(r -> Math.max(0, largest - r) / (largest - 1))
                .toArray();
        int n = parts.length;
        double mean = Means.of(parts);
        if (n < 2) {
            return new Estimate(mean, Double.NaN, Double.NaN);
        }
        double error = Math.sqrt(Means.deviations(parts) / (n - 1) / n);
        return Estimate.around(mean, TDistribution.of(n - 1).inverseCumulativeProbability(UPPER) * error)
                .within(0, 1);
    }

    /** Profile of an optimizer; throws {@link IllegalArgumentException} for one that is not there. */
    public Profile profile(String optimizer) {
        return profiles.stream()
                .filter(p -> p.optimizer().equals(optimizer))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no profile of " + optimizer + " among "
                        + Arrays.toString(
                                profiles.stream().map(Profile::optimizer).toArray())));
    }
}
