package io.couplet.trainer.backbones;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Differentiable functions of torch that DJL 0.36 does not expose, called through TorchScript. Each is a module of one expression whose archive is written here
 * and loaded once per process; it holds no tensors, so it runs on whatever device its arguments are on, and several threads may call it at once.
 */
final class TorchFunctions {
    private TorchFunctions() {}

    private static final NDManager MANAGER = NDManager.newBaseManager(Device.cpu(), "PyTorch");
    private static final PtSymbolBlock ATTENTION =
            script("q: Tensor, k: Tensor, v: Tensor", "torch.scaled_dot_product_attention(q, k, v)");
    private static final PtSymbolBlock AVERAGE_OF_NEIGHBOURS =
            script("x: Tensor", "torch.avg_pool2d(x, [3, 3], [1, 1], [1, 1], False, False)");
    private static final PtSymbolBlock NEIGHBOURHOODS =
            script("x: Tensor", "torch.im2col(x, [3, 3], [1, 1], [1, 1], [1, 1])");
    private static final PtSymbolBlock PLUS_PRODUCT =
            script("x: Tensor, a: Tensor, b: Tensor", "torch.addcmul(x, a, b)");
    private static final PtSymbolBlock PLUS_MATRIX_PRODUCTS =
            script("x: Tensor, a: Tensor, b: Tensor", "torch.baddbmm(x, a, b)");
    private static final PtSymbolBlock CONTIGUOUS = script("x: Tensor", "torch.contiguous(x)");

    /**
     * softmax(q kᵀ / √width) v in one kernel that never holds the whole matrix of weights (Dao et al. 2022, arXiv:2205.14135).
     *
     * @param q queries (batch, heads, tokens, width); keys and values likewise
     */
    static NDArray attention(NDArray q, NDArray k, NDArray v) {
        return call(ATTENTION, q, k, v);
    }

    /** The mean over the 3 × 3 window around each pixel of (batch, channels, height, width), what lies outside the image left out. */
    static NDArray averageOfNeighbours(NDArray x) {
        return call(AVERAGE_OF_NEIGHBOURS, x);
    }

    /** The 3 × 3 window around each pixel: (batch, channels, height, width) → (batch, channels · 9, height · width), zeros outside the image. */
    static NDArray neighbourhoods(NDArray x) {
        return call(NEIGHBOURHOODS, x);
    }

    /** x + a · b. */
    static NDArray plusProduct(NDArray x, NDArray a, NDArray b) {
        return call(PLUS_PRODUCT, x, a, b);
    }

    /** x + a b for each pair of matrices of a batch; x may be of fewer rows, columns and matrices. */
    static NDArray plusMatrixProducts(NDArray x, NDArray a, NDArray b) {
        return call(PLUS_MATRIX_PRODUCTS, x, a, b);
    }

    /** The same values, in memory in the order of the shape. */
    static NDArray contiguous(NDArray x) {
        return call(CONTIGUOUS, x);
    }

    /** To be told that it trains only keeps DJL from switching the gradient off; whether there is one is up to the thread. */
    private static NDArray call(PtSymbolBlock function, NDArray... arguments) {
        return IValueUtils.forward(function, new NDList(arguments), true).head();
    }

    private static PtSymbolBlock script(String parameters, String expression) {
        String code = "class Function(Module):\n"
                + "  __parameters__ = []\n"
                + "  __buffers__ = []\n"
                + "  training : bool\n"
                + "  def forward(self: __torch__.Function, " + parameters + ") -> Tensor:\n"
                + "    return " + expression + "\n";
        try {
            return JniUtils.loadModule((PtNDManager) MANAGER, new ByteArrayInputStream(archive(code)), false, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A TorchScript file: the source, an instance with {@code training = False} as a pickle, and no constants. */
    private static byte[] archive(String code) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            write(zip, "version", "3\n");
            write(zip, "code/__torch__.py", code);
            write(zip, "data.pkl", "\u0080\u0002c__torch__\nFunction\n)\u0081}X\b\0\0\0training\u0089sb.");
            write(zip, "constants.pkl", "\u0080\u0002).");
        }
        return bytes.toByteArray();
    }

    private static void write(ZipOutputStream zip, String name, String content) throws IOException {
        zip.putNextEntry(new ZipEntry("function/" + name));
        zip.write(content.getBytes(StandardCharsets.ISO_8859_1));
        zip.closeEntry();
    }
}
