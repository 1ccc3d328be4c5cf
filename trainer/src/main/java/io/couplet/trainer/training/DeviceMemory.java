package io.couplet.trainer.training;

import java.util.Locale;
import java.util.Optional;

/** Tells by torch's words that a device's memory was not enough: over JNI every error has the same class. */
final class DeviceMemory {
    private DeviceMemory() {}

    /** One sentence with the fix; empty when the failure is another one. */
    static Optional<String> sentence(Throwable failure, String device, int batchSize) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof OutOfMemoryError && !isNative(cause)) {
                return Optional.of("The Java heap ran out of memory at batch size " + batchSize
                        + ": choose a smaller batch, or give Java more with -Xmx.");
            }
            if (isNative(cause)) {
                return Optional.of("Device " + device + " ran out of memory at batch size " + batchSize
                        + ": choose a smaller batch.");
            }
            if (words(cause).contains("unable to find an engine to execute this computation")) {
                return Optional.of("Device " + device + " probably ran out of memory at batch size " + batchSize
                        + ", since cuDNN found no way to convolve: choose a smaller batch.");
            }
        }
        return Optional.empty();
    }

    /**
     * "CUDA out of memory. Tried to allocate …", "HIP out of memory. …", "… DefaultCPUAllocator: can't allocate memory: …", "Cannot reserve … direct buffer memory", and what CUDA's libraries say
     * when they, not torch, ask for memory.
     */
    private static boolean isNative(Throwable cause) {
        String message = words(cause);
        return message.contains("cuda out of memory")
                || message.contains("hip out of memory")
                || message.contains("can't allocate memory")
                || message.contains("cuda error: out of memory")
                || message.contains("cublas_status_alloc_failed")
                || message.contains("cudnn_status_alloc_failed")
                || message.contains("direct buffer memory");
    }

    private static String words(Throwable cause) {
        return String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    }
}
