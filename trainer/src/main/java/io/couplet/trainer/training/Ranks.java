package io.couplet.trainer.training;

/** Where each image's label stands among its logits, and the loss; pure arithmetic on the host. */
final class Ranks {
    private final int[] rank;
    private final double lossSum;

    private Ranks(int[] rank, double lossSum) {
        this.rank = rank;
        this.lossSum = lossSum;
    }

    /**
     * Ranks the labels. Among equal logits the lower class comes first; a label whose logit is not a number is last.
     *
     * @param logits (size, classes) in row-major order
     */
    static Ranks of(float[] logits, int classes, int[] labels, int size) {
        int[] rank = new int[size];
        double lossSum = 0;
        for (int i = 0; i < size; i++) {
            int row = i * classes;
            float own = logits[row + labels[i]];
            int before = 0;
            double max = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                float other = logits[row + c];
                if (other > own || (other == own && c < labels[i])) {
                    before++;
                }
                max = Math.max(max, other);
            }
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += Math.exp(logits[row + c] - max);
            }
            lossSum += Math.log(sum) + max - own;
            rank[i] = Float.isNaN(own) ? classes : before;
        }
        return new Ranks(rank, lossSum);
    }

    /** How many labels are among the best k classes. */
    int withinBest(int k) {
        int count = 0;
        for (int r : rank) {
            if (r < k) {
                count++;
            }
        }
        return count;
    }

    /** Cross-entropy summed over the images, nats. */
    double lossSum() {
        return lossSum;
    }
}
