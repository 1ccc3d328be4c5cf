package io.couplet.trainer.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Decodes samples on all cores; the result does not depend on how many there are. */
final class Decoder {
    private static final int CHUNK = 64;

    private Decoder() {}

    /** The usable images in the order of the samples (null if there is none), how many there were, and why the others are not usable. */
    record Decoded(@Nullable ImageSet images, int offered, List<String> unusable) {}

    static Decoded decode(Listing listing, List<Sample> samples, int imageSize)
            throws DataException, InterruptedException {
        requireMemory(samples.size(), imageSize);
        byte[][] images = new byte[samples.size()][];
        String[] reasons = new String[samples.size()];
        inParallel(samples, imageSize, images, reasons);
        int[] usable =
                IntStream.range(0, images.length).filter(i -> images[i] != null).toArray();
        List<String> unusable = new ArrayList<>();
        for (int i = 0; i < images.length; i++) {
            if (images[i] == null) {
                unusable.add(samples.get(i).name() + ": " + reasons[i]);
            }
        }
        if (usable.length == 0) {
            return new Decoded(null, samples.size(), unusable);
        }
        byte[][] kept = new byte[usable.length][];
        int[] labels = new int[usable.length];
        for (int k = 0; k < usable.length; k++) {
            kept[k] = images[usable[k]];
            labels[k] = samples.get(usable[k]).label();
        }
        return new Decoded(ImageSet.of(listing.classNames(), imageSize, kept, labels), samples.size(), unusable);
    }

    private static void inParallel(List<Sample> samples, int imageSize, byte[][] images, String[] reasons)
            throws DataException, InterruptedException {
        ExecutorService workers =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors(), task -> {
                    Thread thread = new Thread(task, "couplet-decode");
                    thread.setDaemon(true);
                    return thread;
                });
        try {
            List<Future<?>> chunks = new ArrayList<>();
            for (int from = 0; from < samples.size(); from += CHUNK) {
                int first = from;
                int end = Math.min(samples.size(), from + CHUNK);
                chunks.add(workers.submit(() -> {
                    for (int i = first; i < end; i++) {
                        try {
                            images[i] =
                                    Resampler.toSquare(samples.get(i).decoding().decode(imageSize), imageSize);
                        } catch (IOException e) {
                            reasons[i] =
                                    e instanceof UnusableImageException ? e.getMessage() : "cannot be read (" + e + ")";
                        }
                    }
                }));
            }
            for (Future<?> chunk : chunks) {
                chunk.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof OutOfMemoryError) {
                throw new DataException(
                        "The memory does not suffice for the images: choose smaller images, set a limit, or raise -Xmx.",
                        e);
            }
            throw new IllegalStateException("decoding images failed: " + e.getCause(), e.getCause());
        } finally {
            workers.shutdownNow();
        }
    }

    private static void requireMemory(int count, int imageSize) throws DataException {
        long needed = (long) count * (ImageSet.CHANNELS * imageSize * imageSize + 32);
        long most = Runtime.getRuntime().maxMemory();
        if (needed > most * 3 / 4) {
            throw new DataException(String.format(
                    Locale.ROOT,
                    "%,d images at %d x %d need %,d MiB of memory and Java may use %,d MiB: choose smaller images, set a limit, or raise -Xmx.",
                    count,
                    imageSize,
                    imageSize,
                    needed >> 20,
                    most >> 20));
        }
    }
}
