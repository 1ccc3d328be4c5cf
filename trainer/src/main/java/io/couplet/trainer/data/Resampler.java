package io.couplet.trainer.data;

/**
 * Brings the central square of an image to a size: a triangle filter that is as wide as the step between the new pixels, which is
 * bilinear interpolation when enlarging and an average over the area when shrinking (no aliasing).
 */
final class Resampler {
    private Resampler() {}

    /** (3, size, size) from the largest square around the middle. */
    static byte[] toSquare(Planes image, int size) {
        int side = Math.min(image.width(), image.height());
        int left = (image.width() - side) / 2;
        int top = (image.height() - side) / 2;
        if (side == size) {
            return image.width() == image.height() ? image.levels() : cropped(image, left, top, side);
        }
        int[] firsts = new int[size];
        float[][] weights = weights(side, size, firsts);
        byte[] result = new byte[ImageSet.CHANNELS * size * size];
        float[] narrowed = new float[side * size];
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            int plane = channel * image.width() * image.height();
            for (int y = 0; y < side; y++) {
                int row = plane + (top + y) * image.width() + left;
                for (int x = 0; x < size; x++) {
                    float sum = 0;
                    float[] taps = weights[x];
                    int from = row + firsts[x];
                    for (int k = 0; k < taps.length; k++) {
                        sum += taps[k] * (image.levels()[from + k] & 0xff);
                    }
                    narrowed[y * size + x] = sum;
                }
            }
            for (int y = 0; y < size; y++) {
                float[] taps = weights[y];
                for (int x = 0; x < size; x++) {
                    float sum = 0;
                    for (int k = 0; k < taps.length; k++) {
                        sum += taps[k] * narrowed[(firsts[y] + k) * size + x];
                    }
                    result[(channel * size + y) * size + x] = (byte) Math.max(0, Math.min(255, (int) (sum + 0.5f)));
                }
            }
        }
        return result;
    }

    private static byte[] cropped(Planes image, int left, int top, int side) {
        byte[] result = new byte[ImageSet.CHANNELS * side * side];
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            for (int y = 0; y < side; y++) {
                int from = (channel * image.height() + top + y) * image.width() + left;
                System.arraycopy(image.levels(), from, result, (channel * side + y) * side, side);
            }
        }
        return result;
    }

    /** For each new pixel the weights, summing to 1, of the old ones from {@code firsts} on. */
    private static float[][] weights(int from, int to, int[] firsts) {
        float[][] weights = new float[to][];
        double step = (double) from / to;
        double reach = Math.max(1, step);
        for (int i = 0; i < to; i++) {
            double centre = (i + 0.5) * step;
            int first = Math.max(0, (int) (centre - reach + 0.5));
            int end = Math.min(from, (int) (centre + reach + 0.5));
            float[] taps = new float[end - first];
            double total = 0;
            for (int k = 0; k < taps.length; k++) {
                double weight = Math.max(0, 1 - Math.abs((first + k + 0.5 - centre) / reach));
                taps[k] = (float) weight;
                total += weight;
            }
            for (int k = 0; k < taps.length; k++) {
                taps[k] = (float) (taps[k] / total);
            }
            firsts[i] = first;
            weights[i] = taps;
        }
        return weights;
    }
}
