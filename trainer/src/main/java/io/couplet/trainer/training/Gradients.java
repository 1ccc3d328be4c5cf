package io.couplet.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.couplet.trainer.torch.TorchScript;

/**
 * The backward pass. Each tensor's gradient is asked for by itself, so that none is kept with the tensor, and written into the one flat vector that the optimizer reads:
 * always the same memory, which the system needs not clear and map for each step.
 */
final class Gradients {
    private static final TorchScript INTO = TorchScript.function(
            "loss: Tensor, leaves: List[Tensor], flat: Tensor",
            "bool",
            "gradients = torch.grad([loss], leaves, None, None, False, True)",
            "parts = annotate(List[Tensor], [])",
            "for i in range(torch.len(leaves)):",
            "  gradient = gradients[i]",
            "  if gradient is None:",
            "    _0 = torch.append(parts, torch.new_zeros(loss, [torch.numel(leaves[i])]))",
            "  else:",
            "    _1 = torch.append(parts, torch.reshape(gradient, [-1]))",
            "_2 = torch.cat(parts, out=flat)",
            "return True");

    private Gradients() {}

    /** @param flat receives the gradients of all leaves, one after the other, zeros where the loss does not depend on one */
    static void into(NDArray flat, NDArray loss, NDList leaves) {
        try (IValue of = IValue.from((PtNDArray) loss);
                IValue tensors = IValue.listFrom(
                        leaves.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
                IValue result = IValue.from((PtNDArray) flat);
                IValue done = INTO.call(of, tensors, result)) {
            if (!done.toBoolean()) {
                throw new IllegalStateException("there is no gradient");
            }
        }
    }
}
