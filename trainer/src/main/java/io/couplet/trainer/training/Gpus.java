package io.couplet.trainer.training;

import ai.djl.pytorch.jni.LibUtils;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.ptr.IntByReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The GPUs of this machine and whether the engine can use them: it needs a driver that answers and a libtorch that is built for CUDA.
 *
 * @param present GPUs that the driver counts, whatever the engine is built for
 * @param libtorchForCuda whether the libtorch that was loaded is a build for CUDA
 */
public record Gpus(int present, boolean libtorchForCuda) {
    public Gpus {
        if (present < 0) {
            throw new IllegalArgumentException("present must be at least 0, was " + present);
        }
    }

    /** Those of this machine. Starts the engine. */
    public static Gpus ofThisMachine() {
        Torch.start();
        int present = countedByTheDriver();
        Path library = Path.of(LibUtils.getLibtorchPath()).resolve(System.mapLibraryName("torch_cuda"));
        return new Gpus(present, Files.exists(library));
    }

    /**
     * How many GPUs NVIDIA's driver counts, of those that CUDA_VISIBLE_DEVICES lets be seen; none where there is no driver. DJL asks the CUDA runtime, which libtorch has
     * built in and containers do not have, where the driver comes with the GPU.
     */
    private static int countedByTheDriver() {
        try {
            NativeLibrary driver = NativeLibrary.getInstance(Platform.isWindows() ? "nvcuda" : "libcuda.so.1");
            IntByReference count = new IntByReference();
            boolean counted = driver.getFunction("cuInit").invokeInt(new Object[] {0}) == 0
                    && driver.getFunction("cuDeviceGetCount").invokeInt(new Object[] {count}) == 0;
            return counted ? count.getValue() : 0;
        } catch (UnsatisfiedLinkError e) {
            return 0;
        }
    }

    /** How many the engine can train on. */
    public int usable() {
        return libtorchForCuda ? present : 0;
    }

    /**
     * What is missing to train on a device, one sentence with the fix; empty when nothing is.
     *
     * @param device {@code cpu}, {@code gpu} or {@code gpu:N}
     */
    public Optional<String> missingFor(String device) {
        if (device.equals("cpu")) {
            return Optional.empty();
        }
        if (!libtorchForCuda) {
            String gpus = present == 0 ? "a GPU whose driver answers, and a libtorch for CUDA" : "a libtorch for CUDA";
            return Optional.of(
                    "Device " + device + " needs " + gpus
                            + ", but the libtorch here is the one for CPUs: start with COUPLET_CUDA=download or COUPLET_CUDA=DIRECTORY (docs/gpu.md), or train on the CPU.");
        }
        if (present == 0) {
            return Optional.of(
                    "Device " + device
                            + " needs a GPU, and the libtorch for CUDA finds none: see whether nvidia-smi lists it here and CUDA_VISIBLE_DEVICES leaves it in (docs/gpu.md).");
        }
        int number = device.equals("gpu") ? 0 : Integer.parseInt(device.substring("gpu:".length()));
        if (number >= present) {
            return Optional.of("Device " + device + " is not there: this machine has "
                    + (present == 1 ? "one GPU, gpu:0." : present + " GPUs, gpu:0 to gpu:" + (present - 1) + "."));
        }
        return Optional.empty();
    }
}
