package io.couplet.trainer.torch;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A function of torch that DJL does not expose, as a module whose archive is written here and loaded once per process. It holds no tensors, so it runs on whatever
 * device its arguments are on, and several threads may call it at once.
 */
public final class TorchScript {
    private static final NDManager MANAGER = NDManager.newBaseManager(Device.cpu(), "PyTorch");

    private final PtSymbolBlock module;

    private TorchScript(PtSymbolBlock module) {
        this.module = module;
    }

    /** @param parameters of a function of one expression that answers with a tensor, e.g. {@code x: Tensor, y: Tensor} */
    public static TorchScript expression(String parameters, String expression) {
        return function(parameters, "Tensor", "return " + expression);
    }

    /**
     * @param result type of what it returns
     * @param body lines of TorchScript as it is in archives, which knows {@code torch.…} for every operator
     */
    public static TorchScript function(String parameters, String result, String... body) {
        StringBuilder code = new StringBuilder("class Function(Module):\n"
                + "  __parameters__ = []\n"
                + "  __buffers__ = []\n"
                + "  training : bool\n"
                + "  def forward(self: __torch__.Function, " + parameters + ") -> " + result + ":\n");
        Arrays.stream(body).forEach(line -> code.append("    ").append(line).append('\n'));
        try {
            return new TorchScript(JniUtils.loadModule(
                    (PtNDManager) MANAGER, new ByteArrayInputStream(archive(code.toString())), false, false));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** For functions of tensors within a recorded pass. To be told that it trains only keeps DJL from switching the gradient off; whether there is one is up to the thread. */
    public NDArray call(NDArray... arguments) {
        return IValueUtils.forward(module, new NDList(arguments), true).head();
    }

    /** For functions of anything, without recording. Neither arguments nor result are closed. */
    public IValue call(IValue... arguments) {
        return IValueUtils.forward(module, arguments);
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
