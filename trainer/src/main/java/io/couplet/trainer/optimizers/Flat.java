package io.couplet.trainer.optimizers;

/** A vector that operations change in place; each returns the vector itself. All vectors of one pass have the same length. */
public interface Flat {

    /** this = x */
    Flat set(Flat x);

    /** this = a · this */
    Flat scale(double a);

    /** this = factor of the element's group · this */
    Flat scale(PerGroup factors);

    /** this = this + a */
    Flat add(double a);

    /** this = this + a · x */
    Flat add(Flat x, double a);

    /** this = this + a · x · y */
    Flat addProduct(Flat x, Flat y, double a);

    /** this = this + a · x / y */
    Flat addQuotient(Flat x, Flat y, double a);

    /** this = this / x */
    Flat divide(Flat x);

    /** this = this · x */
    Flat multiply(Flat x);

    /** this = 0 */
    Flat clear();

    /** this = this + weight · (x − this) */
    Flat lerp(Flat x, double weight);

    /** this = max(this, x) */
    Flat maximum(Flat x);

    /** this = max(this, bound) */
    Flat atLeast(double bound);

    /** this = min(this, bound) */
    Flat atMost(double bound);

    /** this = √this */
    Flat squareRoot();

    /** this = |this| */
    Flat absolute();

    /** this = −1, 0 or 1 */
    Flat sign();
}
