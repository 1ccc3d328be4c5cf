package io.couplet.trainer.backbones;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.couplet.trainer.torch.TorchScript;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Differentiable functions of torch that DJL 0.36 does not expose. */
final class TorchFunctions {
    private TorchFunctions() {}

    private static final TorchScript ATTENTION =
            TorchScript.expression("q: Tensor, k: Tensor, v: Tensor", "torch.scaled_dot_product_attention(q, k, v)");
    private static final TorchScript AVERAGE_OF_NEIGHBOURS =
            TorchScript.expression("x: Tensor", "torch.avg_pool2d(x, [3, 3], [1, 1], [1, 1], False, False)");
    private static final TorchScript NEIGHBOURHOODS =
            TorchScript.expression("x: Tensor", "torch.im2col(x, [3, 3], [1, 1], [1, 1], [1, 1])");
    private static final TorchScript PLUS_PRODUCT =
            TorchScript.expression("x: Tensor, a: Tensor, b: Tensor", "torch.addcmul(x, a, b)");
    private static final TorchScript PLUS_MATRIX_PRODUCTS =
            TorchScript.expression("x: Tensor, a: Tensor, b: Tensor", "torch.baddbmm(x, a, b)");
    private static final NDManager SCALARS = NDManager.newBaseManager(Device.cpu(), "PyTorch");
    private static final Map<Double, NDArray> SCALAR = new ConcurrentHashMap<>();
    /** By height and width. */
    private static final Map<Integer, TorchScript> ADAPTIVE_AVERAGES = new ConcurrentHashMap<>();

    private static final TorchScript RELU_UP_TO_SIX = TorchScript.expression("x: Tensor", "torch.hardtanh(x, 0., 6.)");
    private static final TorchScript CONTIGUOUS = TorchScript.expression("x: Tensor", "torch.contiguous(x)");

    /**
     * softmax(q kᵀ / √width) v in one kernel that never holds the whole matrix of weights (Dao et al. 2022, arXiv:2205.14135).
     *
     * @param q queries (batch, heads, tokens, width); keys and values likewise
     */
    static NDArray attention(NDArray q, NDArray k, NDArray v) {
        return ATTENTION.call(q, k, v);
    }

    /** The mean over the 3 × 3 window around each pixel of (batch, channels, height, width), what lies outside the image left out. */
    static NDArray averageOfNeighbours(NDArray x) {
        return AVERAGE_OF_NEIGHBOURS.call(x);
    }

    /**
     * (batch, channels, height, width) → (batch, channels, size, size): output i is the mean of inputs ⌊i · height / size⌋ to ⌈(i + 1) · height / size⌉ − 1, so that an
     * input that is smaller is drawn out.
     */
    static NDArray adaptiveAverages(NDArray x, int size) {
        return ADAPTIVE_AVERAGES
                .computeIfAbsent(
                        size,
                        s -> TorchScript.expression(
                                "x: Tensor", "torch.adaptive_avg_pool2d(x, [" + s + ", " + s + "])"))
                .call(x);
    }

    /** The 3 × 3 window around each pixel: (batch, channels, height, width) → (batch, channels · 9, height · width), zeros outside the image. */
    static NDArray neighbourhoods(NDArray x) {
        return NEIGHBOURHOODS.call(x);
    }

    /** x + a · b. */
    static NDArray plusProduct(NDArray x, NDArray a, NDArray b) {
        return PLUS_PRODUCT.call(x, a, b);
    }

    /** x + a b for each pair of matrices of a batch; x may be of fewer rows, columns and matrices. */
    static NDArray plusMatrixProducts(NDArray x, NDArray a, NDArray b) {
        return PLUS_MATRIX_PRODUCTS.call(x, a, b);
    }

    /**
     * A constant to calculate with, the right operand. DJL's own {@code mul(Number)} closes its scalar at once although torch keeps it for the way back: when the
     * garbage collector then frees the scalar's memory, the gradient is garbage; and on a GPU it waits for the device. A scalar on the CPU is a plain number to torch.
     */
    static NDArray scalar(double value) {
        return SCALAR.computeIfAbsent(value, v -> SCALARS.create(v.floatValue()));
    }

    /** ReLU cut off at six. DJL's clip makes tensors of its bounds, on a GPU too, and fetches both from there. */
    static NDArray reluUpToSix(NDArray x) {
        return RELU_UP_TO_SIX.call(x);
    }

    /** The same values, in memory in the order of the shape. */
    static NDArray contiguous(NDArray x) {
        return CONTIGUOUS.call(x);
    }
}
