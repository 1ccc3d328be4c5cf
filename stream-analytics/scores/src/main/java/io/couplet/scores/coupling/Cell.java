package io.couplet.scores.coupling;

import java.util.List;

/**
 * What a pairing's best hyper-parameter point reached.
 *
 * @param point the best point: the highest mean accuracy over its seeds, the lower number in a tie
 * @param accuracies one accuracy per seed, by ascending seed; chance level for a seed that diverged
 * @param divergedSeeds how many of them diverged
 * @param runs the runs of all points that report
 * @param deviceSeconds mean over the point's seeds; NaN when unknown
 */
public record Cell(int point, List<Double> accuracies, int divergedSeeds, int runs, double deviceSeconds) {

    public Cell {
        if (accuracies.isEmpty()) {
            throw new IllegalArgumentException("accuracies must hold at least one value, were empty");
        }
        accuracies = List.copyOf(accuracies);
    }

    /** Mean over the seeds. */
    public double accuracy() {
        double sum = 0;
        for (double accuracy : accuracies) {
            sum += accuracy;
        }
        return sum / accuracies.size();
    }

    public int seeds() {
        return accuracies.size();
    }

    /** True when every seed of the best point diverged. */
    public boolean diverged() {
        return divergedSeeds == accuracies.size();
    }

    /** Sum of squared deviations from the mean over the seeds. */
    double deviations() {
        double mean = accuracy();
        double sum = 0;
        for (double accuracy : accuracies) {
            sum += (accuracy - mean) * (accuracy - mean);
        }
        return sum;
    }

    /** Standard error of the mean over the seeds, a fraction; NaN with fewer than two. */
    public double standardError() {
        int n = accuracies.size();
        return n < 2 ? Double.NaN : Math.sqrt(deviations() / (n - 1) / n);
    }
}
