package io.couplet.trainer.optimizers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/** A tensor seen as a matrix of its first dimension by all others; immutable, on whatever device the buffers are, in their precision. */
final class Matrix {
    private final NDArray array;
    private final NDManager scratch;
    private final NDManager numbers;

    /**
     * @param scratch what the results live in
     * @param numbers on the CPU, for factors
     */
    Matrix(NDArray array, NDManager scratch, NDManager numbers) {
        this.array = array;
        this.scratch = scratch;
        this.numbers = numbers;
        array.attach(scratch);
    }

    private Matrix result(NDArray result) {
        return new Matrix(result, scratch, numbers);
    }

    NDArray array() {
        return array;
    }

    long rows() {
        return array.getShape().get(0);
    }

    long columns() {
        return array.getShape().get(1);
    }

    Matrix transpose() {
        return result(array.transpose());
    }

    Matrix times(Matrix other) {
        return result(array.matMul(other.array));
    }

    /** a · this + b · other */
    Matrix combined(double a, Matrix other, double b) {
        Matrix sum = result(array.mul(numbers.create(a)));
        sum.array.addi(b == 1 ? other.array : result(other.array.mul(numbers.create(b))).array);
        return sum;
    }

    /** this / max(‖this‖, epsilon), by the Frobenius norm. */
    Matrix normalised(double epsilon) {
        NDArray norm = result(array.norm(false).reshape(1)).array;
        return result(array.div(result(norm.maximum(numbers.create(epsilon))).array));
    }
}
