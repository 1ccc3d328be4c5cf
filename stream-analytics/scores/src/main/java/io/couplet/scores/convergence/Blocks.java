package io.couplet.scores.convergence;

import java.util.Arrays;

/**
 * Losses summed in blocks of steps: closed blocks in an array, the open one in scalars.
 *
 * <p>Used twice: as a ring of equal blocks for the sliding window, and as a row of growing blocks for the whole curve. An array is never
 * written after it was handed to a record; {@link Fold} writes its own.
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
    private static final int FIRST_SLOTS = 4;

    static final Blocks EMPTY = new Blocks(0, new double[0], 0, 0, 0, 0);

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

    /** Blocks that take losses in place. */
    static final class Fold {
        private final int capacity;
        private int closed;
        private double[] sums = {};
        private int slots;
        private double openEnd;
        private double openLoss;
        private double openSteps;
        private double openCount;

        /** Goes on from blocks of which at most {@code capacity} are kept. */
        Fold(Blocks from, int capacity) {
            this.capacity = capacity;
            set(from);
        }

        final void set(Blocks from) {
            closed = from.closed;
            sums = from.sums.clone();
            slots = from.slots();
            openEnd = from.openEnd;
            openLoss = from.openLoss;
            openSteps = from.openSteps;
            openCount = from.openCount;
        }

        /** Whether a step is the first of a block, so that {@link #open} takes it and not {@link #plus}. */
        boolean opensAt(double step) {
            return openCount == 0 || step >= openEnd;
        }

        /** One loss more in the open block. */
        void plus(double step, double loss) {
            openLoss += loss;
            openSteps += step;
            openCount++;
        }

        /** Closes the open block, if there is one, and begins the next, which ends before {@code end}. */
        void open(double step, double loss, double end) {
            if (openCount > 0) {
                close();
            }
            openEnd = end;
            openLoss = loss;
            openSteps = step;
            openCount = 1;
        }

        private void close() {
            int slot = closed % capacity;
            if (slot == slots) {
                slots++;
                if (sums.length < slots * FIELDS) {
                    sums = Arrays.copyOf(sums, FIELDS * Math.min(capacity, Math.max(FIRST_SLOTS, 2 * slots)));
                }
            }
            int at = slot * FIELDS;
            sums[at] = openLoss;
            sums[at + STEPS] = openSteps;
            sums[at + COUNT] = openCount;
            sums[at + LAST_STEP] = openEnd - 1;
            closed++;
        }

        /** Lets the open block end before {@code step}: what comes from there on is of another kind. */
        void cut(double step) {
            if (openEnd > step) {
                openEnd = step;
            }
        }

        Blocks value() {
            return new Blocks(closed, Arrays.copyOf(sums, slots * FIELDS), openEnd, openLoss, openSteps, openCount);
        }
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
