package io.couplet.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.couplet.trainer.torch.TorchScript;

/**
 * The backward pass. Each tensor's gradient is asked for by itself, so that none is kept with the tensor, and written into the one flat vector that the optimizer reads:
 * always the same memory, which the system needs not clear and map for each step. Large ones can be left where they are, which saves writing and reading them once more.
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

    private static final TorchScript APART = TorchScript.function(
            "loss: Tensor, leaves: List[Tensor], places: List[Tensor]",
            "List[Tensor]",
            "gradients = torch.grad([loss], leaves, None, None, False, True)",
            "alone = annotate(List[Tensor], [])",
            "for i in range(torch.len(leaves)):",
            "  gradient = gradients[i]",
            "  if gradient is None:",
            "    part = torch.new_zeros(loss, [torch.numel(leaves[i])])",
            "  else:",
            "    part = torch.reshape(gradient, [-1])",
            "  if torch.eq(torch.numel(places[i]), 0):",
            "    _0 = torch.append(alone, torch.contiguous(part))",
            "  else:",
            "    _1 = torch.copy_(places[i], part)",
            "return alone");

    private Gradients() {}

    /**
     * @param places for each leaf the part of the flat vector that receives its gradient, or an empty tensor
     * @return a list of the gradients of the leaves with an empty place, one-dimensional; the caller closes it
     */
    static IValue apart(NDArray loss, NDList leaves, IValue places) {
        try (IValue of = IValue.from((PtNDArray) loss);
                IValue tensors = IValue.listFrom(
                        leaves.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new))) {
            return APART.call(of, tensors, places);
        }
    }

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
