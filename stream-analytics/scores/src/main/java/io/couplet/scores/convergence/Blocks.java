package io.couplet.scores.convergence;

import java.util.Arrays;

/**
 * Losses summed in blocks of steps: closed blocks in arrays, the open one in scalars, so that a step inside a block copies nothing.
 *
 * <p>Used twice: as a ring of equal blocks for the sliding window, and as a row of growing blocks for the whole curve. Arrays are never
 * written after they were handed to a record.
 *
 * @param closed how many blocks were closed so far; the array slot of block {@code i} is {@code i mod length}
 * @param losses the sum of the losses of each closed block
 * @param steps the sum of the step numbers of each closed block
 * @param counts the number of steps of each closed block
 * @param lastSteps the last step number of each closed block
 * @param openEnd the first step that is no longer of the open block; 0 while there is none
 * @param openLoss the sum of the open block's losses
 * @param openSteps the sum of the open block's step numbers
 * @param openCount the number of the open block's steps
 */
public record Blocks(
        int closed,
        double[] losses,
        double[] steps,
        double[] counts,
        double[] lastSteps,
        double openEnd,
        double openLoss,
        double openSteps,
        double openCount) {

    private static final double[] NONE = {};

    static final Blocks EMPTY = new Blocks(0, NONE, NONE, NONE, NONE, 0, 0, 0, 0);

    /** One loss more, the block being closed when {@code step} is at or after its end; the new one then ends at {@code nextEnd}. */
    Blocks plus(double step, double loss, double nextEnd, int capacity) {
        if (openCount == 0) {
            return open(step, loss, nextEnd);
        }
        return step < openEnd
                ? new Blocks(
                        closed,
                        losses,
                        steps,
                        counts,
                        lastSteps,
                        openEnd,
                        openLoss + loss,
                        openSteps + step,
                        openCount + 1)
                : close(capacity).open(step, loss, nextEnd);
    }

    /** The same with the open block ending before {@code step}: what comes from there on is of another kind. */
    Blocks cut(double step) {
        return openCount == 0 || openEnd <= step
                ? this
                : new Blocks(closed, losses, steps, counts, lastSteps, step, openLoss, openSteps, openCount);
    }

    private Blocks open(double step, double loss, double end) {
        return new Blocks(closed, losses, steps, counts, lastSteps, end, loss, step, 1);
    }

    private Blocks close(int capacity) {
        return new Blocks(
                closed + 1,
                with(losses, openLoss, capacity),
                with(steps, openSteps, capacity),
                with(counts, openCount, capacity),
                with(lastSteps, openEnd - 1, capacity),
                0,
                0,
                0,
                0);
    }

    private double[] with(double[] array, double value, int capacity) {
        int slot = closed % capacity;
        double[] copy = Arrays.copyOf(array, Math.max(array.length, slot + 1));
        copy[slot] = value;
        return copy;
    }

    /** Only the closed blocks that ended before {@code step}: what remains when a later attempt took up again at {@code step}. */
    Blocks before(double step) {
        Blocks kept = EMPTY;
        int capacity = Math.max(1, losses.length);
        for (int i = Math.max(0, closed - losses.length); i < closed; i++) {
            int slot = i % capacity;
            if (lastSteps[slot] < step) {
                kept = new Blocks(
                                kept.closed,
                                kept.losses,
                                kept.steps,
                                kept.counts,
                                kept.lastSteps,
                                lastSteps[slot] + 1,
                                losses[slot],
                                steps[slot],
                                counts[slot])
                        .close(capacity);
            }
        }
        return kept;
    }

    /** The points (mean step, mean loss, number of steps) of all blocks, the open one included, from {@code fromStep} on; the oldest first. */
    Points points(double fromStep) {
        int length = losses.length;
        double[] x = new double[length + 1];
        double[] y = new double[length + 1];
        double[] w = new double[length + 1];
        int n = 0;
        for (int i = Math.max(0, closed - length); i < closed; i++) {
            int slot = i % length;
            if (steps[slot] / counts[slot] >= fromStep) {
                x[n] = steps[slot] / counts[slot];
                y[n] = losses[slot] / counts[slot];
                w[n++] = counts[slot];
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
