package io.couplet.trainer.training;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.JniUtils;
import java.net.UnknownHostException;

/** The engine: started on first use, without telemetry and downloads unless the user's settings say otherwise. */
public final class Torch {
    private Torch() {}

    /** Starts the engine if it is not running and gives the calling thread one thread of arithmetic. */
    public static Engine start() {
        setIfAbsent("OPT_OUT_TRACKING", "true");
        setIfAbsent("ai.djl.offline", "true");
        Engine engine = engine();
        // Kept per thread by OpenMP: every training thread has to say it.
        JniUtils.setNumThreads(1);
        return engine;
    }

    private static Engine engine() {
        try {
            return Engine.getEngine("PyTorch");
        } catch (EngineException | LinkageError e) {
            throw new TorchException(sentence(e), e);
        }
    }

    /** What the innermost cause says, and the fix. */
    static String sentence(Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String said = String.valueOf(root.getMessage()).lines().findFirst().orElse("");
        String why = root instanceof UnknownHostException ? said + " cannot be reached" : said;
        return "libtorch cannot be loaded (" + why
                + "): check COUPLET_CUDA and the PYTORCH_ variables (docs/gpu.md), or leave them out to train on the CPU.";
    }

    private static void setIfAbsent(String name, String value) {
        if (System.getProperty(name) == null && System.getenv(name) == null) {
            System.setProperty(name, value);
        }
    }

    /** For provenance, e.g. {@code DJL 0.36.0, libtorch 2.7.1}. */
    public static String version() {
        return "DJL " + Engine.getDjlVersion() + ", libtorch " + start().getVersion();
    }

    /** @param name {@code cpu}, {@code gpu} or {@code gpu:N} */
    static Device device(String name) {
        if (name.equals("cpu")) {
            return Device.cpu();
        }
        return Device.gpu(name.equals("gpu") ? 0 : Integer.parseInt(name.substring("gpu:".length())));
    }
}
