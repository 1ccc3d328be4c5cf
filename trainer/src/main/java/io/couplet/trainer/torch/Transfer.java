package io.couplet.trainer.torch;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.function.Function;

/**
 * Values between Java and where a tensor is.
 *
 * <p>DJL's own {@code create} waits until a GPU has done all that it was given before; what is uploaded here goes through pinned memory and waits for nothing. And DJL
 * copies from a GPU into a manager of its own that nobody closes, so that each reading would stay in the machine's memory for as long as the tensor's manager.
 */
public final class Transfer {
    private static final TorchScript TO_DEVICE = TorchScript.expression(
            "like: Tensor, x: Tensor", "torch.to(torch.pin_memory(x), ops.prim.device(like), ops.prim.dtype(x), True)");

    private Transfer() {}

    /** A tensor of these values on the device of another one, which belongs to that one's manager. */
    public static NDArray upload(NDArray like, float[] values, Shape shape) {
        return upload(like, manager -> manager.create(values, shape));
    }

    /** @see #upload(NDArray, float[], Shape) */
    public static NDArray upload(NDArray like, long[] values, Shape shape) {
        return upload(like, manager -> manager.create(values, shape));
    }

    private static NDArray upload(NDArray like, Function<NDManager, NDArray> creation) {
        NDManager manager = like.getManager();
        if (!like.getDevice().isGpu()) {
            return creation.apply(manager);
        }
        try (NDManager host = manager.newSubManager(Device.cpu())) {
            return throughPinnedMemory(like, creation.apply(host));
        }
    }

    static NDArray throughPinnedMemory(NDArray like, NDArray onHost) {
        return TO_DEVICE.call(like, onHost);
    }

    /** A copy of a tensor's values, whatever its type; waits for its device. */
    public static float[] floats(NDArray tensor) {
        try (NDManager once = tensor.getManager().newSubManager()) {
            return owned(once, tensor, DataType.FLOAT32).toFloatArray();
        }
    }

    /** @see #floats */
    public static double[] doubles(NDArray tensor) {
        try (NDManager once = tensor.getManager().newSubManager()) {
            return owned(once, tensor, DataType.FLOAT64).toDoubleArray();
        }
    }

    /** The tensor, or a view or copy of it, that belongs to a manager: what DJL makes on the way to the host does then too. */
    private static NDArray owned(NDManager once, NDArray tensor, DataType type) {
        NDArray view = tensor.reshape(-1);
        view.attach(once);
        return view.toType(type, false);
    }
}
