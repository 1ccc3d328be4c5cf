package io.couplet.trainer.optimizers;

/** One number per tensor, or one for all of them; immutable, and kept where the buffers are, so that a device need not wait for it. */
public interface PerTensor {

    /** this · a */
    PerTensor times(double a);

    /** min(this, bound) */
    PerTensor atMost(double bound);

    /** max(this, bound) */
    PerTensor atLeast(double bound);

    /** 1 / this */
    PerTensor inverse();

    /** this / other, and 1 where either is zero: the trust ratio of LARS and LAMB. */
    PerTensor ratioOrOne(PerTensor other);

    /** this where the tensor decays, 1 elsewhere. */
    PerTensor onlyDecaying();
}
