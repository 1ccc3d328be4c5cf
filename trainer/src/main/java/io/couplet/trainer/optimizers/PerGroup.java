package io.couplet.trainer.optimizers;

/**
 * One number per group of elements (see {@link Grouping}); immutable, and kept where the buffers are, so that a device need not wait for it. Where two of them
 * meet, the other one has the same grouping or one number per tensor.
 */
public interface PerGroup {

    /** this · a */
    PerGroup times(double a);

    /** this · other */
    PerGroup times(PerGroup other);

    /** this + a */
    PerGroup plus(double a);

    /** this + other */
    PerGroup plus(PerGroup other);

    /** min(this, bound) */
    PerGroup atMost(double bound);

    /** max(this, bound) */
    PerGroup atLeast(double bound);

    /** 1 / this */
    PerGroup inverse();

    /** √this */
    PerGroup squareRoot();

    /** |this| */
    PerGroup absolute();

    /** 1 where this &lt; other, 0 elsewhere. */
    PerGroup below(PerGroup other);

    /** this where the mask is not zero, the other one elsewhere. */
    PerGroup where(PerGroup mask, PerGroup otherwise);

    /** The largest number of each tensor. */
    PerGroup largestPerTensor();

    /** this / other, and 1 where either is zero: the trust ratio of LAMB. */
    default PerGroup ratioOrOne(PerGroup other) {
        return times(other.inverse()).where(times(other), times(0).plus(1));
    }
}
