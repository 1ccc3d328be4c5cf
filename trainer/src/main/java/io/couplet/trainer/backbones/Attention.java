package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;

/** Self-attention of tokens (batch, tokens, width), all tokens with all (Vaswani et al. 2017, arXiv:1706.03762). */
final class Attention {
    private Attention() {}

    /**
     * @param qkv (…, width) → (…, 3 · heads · headWidth): queries, keys and values one after the other
     * @param projection of what the heads answer, one head after the other
     */
    static Layer of(Layer qkv, Layer projection, int heads, int headWidth) {
        return (pass, x) -> {
            long batch = x.getShape().get(0);
            long tokens = x.getShape().get(1);
            NDList parts = qkv.forward(pass, x)
                    .reshape(batch, tokens, 3, heads, headWidth)
                    .transpose(2, 0, 3, 1, 4)
                    .split(3);
            NDArray mixed = TorchFunctions.attention(
                    parts.get(0).squeeze(0),
                    parts.get(1).squeeze(0),
                    parts.get(2).squeeze(0));
            // torch lays the answer out token by token, so this copies nothing.
            return projection.forward(pass, mixed.swapAxes(1, 2).reshape(batch, tokens, (long) heads * headWidth));
        };
    }
}
