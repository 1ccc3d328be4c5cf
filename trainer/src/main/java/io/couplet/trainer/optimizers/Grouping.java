package io.couplet.trainer.optimizers;

import java.util.List;
import java.util.stream.IntStream;

/** A way to put the elements of each tensor into groups: the elements that differ only in their indices along the reduced axes belong together. */
@FunctionalInterface
public interface Grouping {

    /** One group per tensor. */
    Grouping TENSOR = shape -> IntStream.range(0, shape.size()).boxed().toList();

    /** One group per index of the first dimension: an output channel of a convolution, a row of a matrix; every element of a vector by itself. */
    Grouping ROW = shape -> IntStream.range(1, shape.size()).boxed().toList();

    /** The axes to reduce for a tensor of this shape, ascending; none where every element is a group of its own. */
    List<Integer> reducedAxes(List<Integer> shape);
}
