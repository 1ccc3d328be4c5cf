package io.couplet.trainer.optimizers;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A grouping worked out for the tensors at hand. Groups are numbered tensor by tensor, row-major over the axes that are not reduced. */
final class Groups {
    private final Tensors tensors;
    private final Grouping grouping;
    /** First group of each tensor, and the number of all. */
    private final int[] first;
    /** First element of each group, where every group is a run of elements. */
    private final int @Nullable [] offsets;

    private final int[] groupOf;

    Groups(Tensors tensors, Grouping grouping) {
        this.tensors = tensors;
        this.grouping = grouping;
        first = new int[tensors.count() + 1];
        groupOf = new int[tensors.elements()];
        boolean runs = true;
        for (int tensor = 0; tensor < tensors.count(); tensor++) {
            List<Integer> shape = tensors.shape(tensor);
            List<Integer> reduced = grouping.reducedAxes(shape);
            runs &= reduced.isEmpty()
                    || reduced.get(0) == shape.size() - reduced.size()
                            && reduced.get(reduced.size() - 1) == shape.size() - 1;
            first[tensor + 1] = first[tensor] + number(tensor, shape, reduced);
        }
        offsets = runs ? offsets() : null;
    }

    /** Numbers the elements of a tensor; returns how many groups it has. */
    private int number(int tensor, List<Integer> shape, List<Integer> reduced) {
        int offset = tensors.offset(tensor);
        int size = tensors.offset(tensor + 1) - offset;
        int[] strides = new int[shape.size()];
        int count = 1;
        for (int axis = shape.size() - 1; axis >= 0; axis--) {
            if (!reduced.contains(axis)) {
                strides[axis] = count;
                count *= shape.get(axis);
            }
        }
        for (int i = 0; i < size; i++) {
            int rest = i;
            int group = 0;
            for (int axis = shape.size() - 1; axis >= 0; axis--) {
                group += rest % shape.get(axis) * strides[axis];
                rest /= shape.get(axis);
            }
            groupOf[offset + i] = first[tensor] + group;
        }
        return count;
    }

    private int[] offsets() {
        int[] starts = new int[count() + 1];
        for (int i = groupOf.length - 1; i >= 0; i--) {
            starts[groupOf[i]] = i;
        }
        starts[count()] = groupOf.length;
        return starts;
    }

    Grouping grouping() {
        return grouping;
    }

    int count() {
        return first[tensors.count()];
    }

    /** First group of a tensor. */
    int first(int tensor) {
        return first[tensor];
    }

    int groupOf(int element) {
        return groupOf[element];
    }

    /** How many elements each group has. */
    int[] sizes() {
        int[] sizes = new int[count()];
        for (int group : groupOf) {
            sizes[group]++;
        }
        return sizes;
    }

    /** The numbers of the groups of a range of elements, element by element. */
    void expand(double[] numbers, int start, int length, float[] into) {
        if (offsets != null) {
            int end = start + length;
            for (int group = groupOf[start]; group < count() && offsets[group] < end; group++) {
                Arrays.fill(
                        into,
                        Math.max(offsets[group], start) - start,
                        Math.min(offsets[group + 1], end) - start,
                        (float) numbers[group]);
            }
        } else {
            for (int i = 0; i < length; i++) {
                into[i] = (float) numbers[groupOf[start + i]];
            }
        }
    }

    /** Adds x · y, element by element, to the sums of their groups. */
    void addProducts(double[] sums, float[] x, float[] y, int start, int length) {
        if (offsets != null) {
            int end = start + length;
            for (int group = groupOf[start]; group < count() && offsets[group] < end; group++) {
                sums[group] += HostUpdater.sumOfProducts(
                        x, y, Math.max(offsets[group], start) - start, Math.min(offsets[group + 1], end) - start);
            }
        } else {
            for (int i = 0; i < length; i++) {
                sums[groupOf[start + i]] += (double) x[i] * y[i];
            }
        }
    }
}
