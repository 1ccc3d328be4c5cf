package io.couplet.scores.convergence;

import java.util.Arrays;

/**
 * Losses summed in blocks of steps: closed blocks in an array, the open one in scalars, so that a step inside a block copies nothing.
 *
 * <p>Used twice: as a ring of equal blocks for the sliding window, and as a row of growing blocks for the whole curve. An array is never
 * written after it was handed to a record.
 *
 * @param closed how many blocks were closed so far; the slot of block {@code i} is {@code i} modulo the number of slots
 * @param sums of each closed block, {@value #FIELDS} numbers one after another: the sum of its losses, the sum of its step numbers, the number of its steps, its
 *     last step number
 * @param openEnd the first step that is no longer of the open block; 0 while there is none
 * @param openLoss the sum of the open block's losses
 * @param openSteps the sum of the open block's step numbers
 * @param openCount the number of the open block's steps
 */
public record Blocks(int closed, double[] sums, double openEnd, double openLoss, double openSteps, double openCount) {

    /** Numbers of a closed block. */
    public static final int FIELDS = 4;

    private static final int STEPS = 1;
    private static final int COUNT = 2;
    private static final int LAST_STEP = 3;

    static final Blocks EMPTY = new Blocks(0, new double[0], 0, 0, 0, 0);

    /** One loss more, the block being closed when {@code step} is at or after its end; the new one then ends at {@code nextEnd}. */
    Blocks plus(double step, double loss, double nextEnd, int capacity) {
        if (openCount == 0) {
            return new Blocks(closed, sums, nextEnd, loss, step, 1);
        }
        return step < openEnd
                ? new Blocks(closed, sums, openEnd, openLoss + loss, openSteps + step, openCount + 1)
                : new Blocks(closed + 1, closedSums(capacity), nextEnd, loss, step, 1);
    }

    /** The same with the open block ending before {@code step}: what comes from there on is of another kind. */
    Blocks cut(double step) {
        return openCount == 0 || openEnd <= step
                ? this
                : new Blocks(closed, sums, step, openLoss, openSteps, openCount);
    }

    /** The sums with those of the open block. */
    private double[] closedSums(int capacity) {
        int at = closed % capacity * FIELDS;
        double[] copy = Arrays.copyOf(sums, Math.max(sums.length, at + FIELDS));
        copy[at] = openLoss;
        copy[at + STEPS] = openSteps;
        copy[at + COUNT] = openCount;
        copy[at + LAST_STEP] = openEnd - 1;
        return copy;
    }

    private int slots() {
        return sums.length / FIELDS;
    }

    private int firstKept() {
        return Math.max(0, closed - slots());
    }

    /** Only the closed blocks that ended before {@code step}: what remains when a later attempt took up again at {@code step}. */
    Blocks before(double step) {
        double[] kept = new double[sums.length];
        int n = 0;
        for (int i = firstKept(); i < closed; i++) {
            int at = i % slots() * FIELDS;
            if (sums[at + LAST_STEP] < step) {
                System.arraycopy(sums, at, kept, FIELDS * n++, FIELDS);
            }
        }
        return new Blocks(n, Arrays.copyOf(kept, FIELDS * n), 0, 0, 0, 0);
    }

    /** The points (mean step, mean loss, number of steps) of all blocks, the open one included, from {@code fromStep} on; the oldest first. */
    Points points(double fromStep) {
        int length = slots();
        double[] x = new double[length + 1];
        double[] y = new double[length + 1];
        double[] w = new double[length + 1];
        int n = 0;
        for (int i = firstKept(); i < closed; i++) {
            int at = i % length * FIELDS;
            double count = sums[at + COUNT];
            double mean = sums[at + STEPS] / count;
            if (mean >= fromStep) {
                x[n] = mean;
                y[n] = sums[at] / count;
                w[n++] = count;
            }
        }
        if (openCount > 0 && openSteps / openCount >= fromStep) {
            x[n] = openSteps / openCount;
            y[n] = openLoss / openCount;
            w[n++] = openCount;
        }
        return new Points(Arrays.copyOf(x, n), Arrays.copyOf(y, n), Arrays.copyOf(w, n));
    }

    /** Weighted points, each array of shape (points). */
    record Points(double[] x, double[] y, double[] weight) {

        int size() {
            return x.length;
        }

        /** The same with steps counted from after {@code origin}. */
        Points since(double origin) {
            if (origin == 0) {
                return this;
            }
            double[] shifted = x.clone();
            for (int i = 0; i < shifted.length; i++) {
                shifted[i] -= origin;
            }
            return new Points(shifted, y, weight);
        }
    }
}
