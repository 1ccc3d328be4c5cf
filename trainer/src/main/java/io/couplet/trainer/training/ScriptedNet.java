package io.couplet.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.couplet.trainer.backbones.ParameterLayout;
import io.couplet.trainer.backbones.ScriptedModule;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A TorchScript module: the flat vector is copied into its parameters before each pass, their gradients out of them after it. Its running statistics stay in it, so an
 * average of the weights is evaluated with the newest ones, and a checkpoint holds the module itself.
 */
final class ScriptedNet implements Net {
    private static final String MODULE = "module";
    /** Bytes that a float holds exactly, as a whole number. */
    private static final int BYTES_PER_FLOAT = 3;

    private ScriptedModule module;

    ScriptedNet(ScriptedModule module) {
        this.module = module;
    }

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
        return new float[0];
    }

    @Override
    public Forward train(NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers, long seed) {
        module.set(parameters);
        JniUtils.setGradMode(true);
        return new Forward(module.logits(scratch, images, true, seed), module.leaves());
    }

    @Override
    public NDArray logits(NDManager scratch, NDArray images, NDArray parameters, @Nullable NDArray buffers) {
        module.set(parameters);
        return module.logits(scratch, images, false, 0);
    }

    @Override
    public Map<String, float[]> state() {
        return Map.of(MODULE, packed(module.bytes()));
    }

    @Override
    public void restore(Map<String, float[]> state) {
        float[] packed = state.get(MODULE);
        if (packed == null) {
            throw new IllegalArgumentException(
                    "the checkpoint holds no TorchScript module: begin again, or train with the backbone that it was saved with");
        }
        ScriptedModule restored = module.restored(unpacked(packed));
        module.close();
        module = restored;
    }

    /** The length, and then three bytes a float, the least significant first. */
    static float[] packed(byte[] bytes) {
        float[] packed = new float[2 + (bytes.length + BYTES_PER_FLOAT - 1) / BYTES_PER_FLOAT];
        packed[0] = bytes.length >>> 16;
        packed[1] = bytes.length & 0xFFFF;
        for (int i = 0; i < bytes.length; i++) {
            packed[2 + i / BYTES_PER_FLOAT] += (bytes[i] & 0xFF) << 8 * (i % BYTES_PER_FLOAT);
        }
        return packed;
    }

    static byte[] unpacked(float[] packed) {
        byte[] bytes = new byte[(int) packed[0] << 16 | (int) packed[1]];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ((int) packed[2 + i / BYTES_PER_FLOAT] >>> 8 * (i % BYTES_PER_FLOAT));
        }
        return bytes;
    }

    @Override
    public void close() {
        module.close();
    }
}
