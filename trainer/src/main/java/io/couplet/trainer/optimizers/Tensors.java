package io.couplet.trainer.optimizers;

import java.util.List;

/** Where each tensor lies in the flat vectors, one after the other without gaps. */
public final class Tensors {

    /** @param decays whether weight decay applies to it */
    public record Tensor(int offset, int size, boolean decays) {}

    private final int[] offsets;
    private final boolean[] decays;

    /** @throws IllegalArgumentException if there is a gap or an empty tensor */
    public Tensors(List<Tensor> tensors) {
        offsets = new int[tensors.size() + 1];
        decays = new boolean[tensors.size()];
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            if (tensor.offset() != offsets[i] || tensor.size() < 1) {
                throw new IllegalArgumentException("tensor " + i + " must begin at " + offsets[i]
                        + " and not be empty, began at " + tensor.offset() + " with size " + tensor.size());
            }
            offsets[i + 1] = tensor.offset() + tensor.size();
            decays[i] = tensor.decays();
        }
    }

    int count() {
        return decays.length;
    }

    int elements() {
        return offsets[decays.length];
    }

    boolean decays(int tensor) {
        return decays[tensor];
    }

    /** First elements of all tensors but the first: where to split. */
    long[] cuts() {
        long[] cuts = new long[Math.max(0, count() - 1)];
        for (int i = 0; i < cuts.length; i++) {
            cuts[i] = offsets[i + 1];
        }
        return cuts;
    }

    /** Part of a tensor; {@code from} and {@code to} count from the beginning of the range asked for. */
    @FunctionalInterface
    interface Visitor {
        void visit(int tensor, int from, int to);
    }

    /** Visits the tensors that lie, wholly or in part, in a range of elements. */
    void within(int start, int length, Visitor visitor) {
        int found = java.util.Arrays.binarySearch(offsets, start);
        int tensor = found >= 0 ? found : -found - 2;
        int end = start + length;
        while (tensor < count() && offsets[tensor] < end) {
            visitor.visit(tensor, Math.max(offsets[tensor], start) - start, Math.min(offsets[tensor + 1], end) - start);
            tensor++;
        }
    }
}
