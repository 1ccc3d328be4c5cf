package io.couplet.trainer.optimizers;

import java.util.Arrays;
import java.util.List;

/** Where each tensor lies in the flat vectors, one after the other without gaps. */
public final class Tensors {

    /**
     * One tensor.
     *
     * @param offset of its first element
     * @param shape row-major
     * @param decays whether weight decay applies to it
     */
    public record Tensor(int offset, List<Integer> shape, boolean decays) {
        public Tensor {
            shape = List.copyOf(shape);
        }

        /** A vector. */
        public Tensor(int offset, int size, boolean decays) {
            this(offset, List.of(size), decays);
        }

        public int size() {
            return shape.stream().reduce(1, Math::multiplyExact);
        }

        /** Columns of the tensor seen as a matrix of its first dimension by all others. */
        int columns() {
            return shape.isEmpty() ? 1 : size() / shape.get(0);
        }
    }

    private final List<Tensor> tensors;
    private final int[] offsets;

    /** @throws IllegalArgumentException if there is a gap or an empty tensor */
    public Tensors(List<Tensor> tensors) {
        this.tensors = List.copyOf(tensors);
        offsets = new int[tensors.size() + 1];
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            if (tensor.offset() != offsets[i] || tensor.size() < 1) {
                throw new IllegalArgumentException("tensor " + i + " must begin at " + offsets[i]
                        + " and not be empty, began at " + tensor.offset() + " with size " + tensor.size());
            }
            offsets[i + 1] = tensor.offset() + tensor.size();
        }
    }

    Tensor get(int tensor) {
        return tensors.get(tensor);
    }

    List<Integer> shape(int tensor) {
        return tensors.get(tensor).shape();
    }

    /** First element of a tensor, or the number of all after the last one. */
    int offset(int tensor) {
        return offsets[tensor];
    }

    int count() {
        return tensors.size();
    }

    int elements() {
        return offsets[tensors.size()];
    }

    boolean decays(int tensor) {
        return tensors.get(tensor).decays();
    }

    /** Whether weight decay applies to an element. */
    boolean decaysAt(int element) {
        int found = Arrays.binarySearch(offsets, element);
        return decays(found >= 0 ? found : -found - 2);
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
        int found = Arrays.binarySearch(offsets, start);
        int tensor = found >= 0 ? found : -found - 2;
        int end = start + length;
        while (tensor < count() && offsets[tensor] < end) {
            visitor.visit(tensor, Math.max(offsets[tensor], start) - start, Math.min(offsets[tensor + 1], end) - start);
            tensor++;
        }
    }
}
