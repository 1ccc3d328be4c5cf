package io.couplet.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.couplet.trainer.backbones.ParameterLayout;
import io.couplet.trainer.backbones.ScriptedModule;
import org.jspecify.annotations.Nullable;

/** A TorchScript module: the flat vectors are copied into its tensors before each pass, gradient and running statistics out of them after it. */
record ScriptedNet(ScriptedModule module) implements Net {

    @Override
    public ParameterLayout layout() {
        return module.layout();
    }

    /** Those in the file, whatever the seed. */
    @Override
    public float[] initialParameters(long seed) {
        return module.parameters();
    }

    @Override
    public float[] initialBuffers() {
        return module.buffers();
    }

    @Override
    public Forward train(
            NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers, long seed) {
        module.set(parameters, buffers);
        JniUtils.setGradMode(true);
        NDArray logits = module.logits(scratch, images, true, seed);
        JniUtils.setGradMode(false);
        if (buffers != null) {
            module.getBuffers(buffers);
        }
        JniUtils.setGradMode(true);
        return new Forward(logits, () -> module.gradient(scratch));
    }

    @Override
    public NDArray logits(NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers) {
        module.set(parameters, buffers);
        return module.logits(scratch, images, false, 0);
    }

    @Override
    public void close() {
        module.close();
    }
}
