package io.couplet.view.model;

import java.util.BitSet;

/**
 * Distinct steps of one attempt, exactly: everything up to a mark, and a bit for each step beyond it. Steps arrive almost
 * in order, so the bits stay few.
 */
final class StepSet {

    private final BitSet beyond = new BitSet();
    private final int start;
    private int contiguousTo;
    private long size;

    /** @param start the step before the first one expected; 0 for a fresh run, the resumed step for a later attempt */
    StepSet(int start) {
        if (start < 0) {
            throw new IllegalArgumentException("start must not be negative, was " + start);
        }
        this.start = start;
        this.contiguousTo = start;
    }

    /** Takes a step in; false when it was there already. */
    boolean add(int step) {
        if (step > start && step <= contiguousTo) {
            return false;
        }
        if (step == contiguousTo + 1) {
            contiguousTo = step;
            while (beyond.get(contiguousTo + 1)) {
                contiguousTo++;
                beyond.clear(contiguousTo);
            }
            size++;
            return true;
        }
        if (beyond.get(step)) {
            return false;
        }
        beyond.set(step);
        size++;
        return true;
    }

    /** Distinct steps. */
    long size() {
        return size;
    }
}
