package io.couplet.trainer.data;

import java.util.Arrays;

/**
 * What Pillow does to an image, byte for byte: {@code ImageOps}, {@code ImageEnhance} and {@code Image.transform} as timm's RandAugment calls them.
 *
 * <p>An image is (3, side, side) unsigned bytes. Each operation reads one array and writes another of the same size.
 */
final class ImageOperations {
    private static final int LEVELS = 256;
    /** Of Pillow's resampling coefficients: 8 bits for the pixel, 2 for overshoot. */
    private static final int COEFFICIENT_BITS = 32 - 8 - 2;

    private final int side;
    private final int plane;
    private final byte[] table = new byte[LEVELS];
    private final int[] histogram = new int[LEVELS];

    ImageOperations(int side) {
        this.side = side;
        this.plane = side * side;
    }

    // ---- tables: what a pixel becomes depends on its level alone ---------------------------------------------------

    /** Stretches each channel so that its levels reach from 0 to 255; a channel of one level stays. */
    void autoContrast(byte[] from, byte[] to) {
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            count(from, channel);
            int low = 0;
            while (low < LEVELS - 1 && histogram[low] == 0) {
                low++;
            }
            int high = LEVELS - 1;
            while (high > 0 && histogram[high] == 0) {
                high--;
            }
            double scale = high > low ? 255.0 / (high - low) : 1;
            double offset = high > low ? -low * scale : 0;
            for (int level = 0; level < LEVELS; level++) {
                table[level] = clipped((int) (level * scale + offset));
            }
            lookUp(from, to, channel);
        }
    }

    /** Makes the levels of each channel equally frequent, as far as that goes. */
    void equalize(byte[] from, byte[] to) {
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            count(from, channel);
            int last = LEVELS - 1;
            while (histogram[last] == 0) {
                last--;
            }
            int step = (plane - histogram[last]) / (LEVELS - 1);
            int sum = step / 2;
            for (int level = 0; level < LEVELS; level++) {
                table[level] = step == 0 ? (byte) level : clipped(sum / step);
                sum += histogram[level];
            }
            lookUp(from, to, channel);
        }
    }

    void invert(byte[] from, byte[] to) {
        solarize(from, to, 0);
    }

    /** Inverts the levels from the threshold on. */
    void solarize(byte[] from, byte[] to, int threshold) {
        for (int level = 0; level < LEVELS; level++) {
            table[level] = (byte) (level < threshold ? level : LEVELS - 1 - level);
        }
        lookUp(from, to);
    }

    /** Adds to the levels below 128. */
    void solarizeAdd(byte[] from, byte[] to, int addition) {
        for (int level = 0; level < LEVELS; level++) {
            table[level] = level < LEVELS / 2 ? clipped(level + addition) : (byte) level;
        }
        lookUp(from, to);
    }

    /** Keeps the highest bits only. */
    void posterize(byte[] from, byte[] to, int bitsToKeep) {
        int mask = -(1 << (8 - Math.min(8, bitsToKeep)));
        for (int level = 0; level < LEVELS; level++) {
            table[level] = (byte) (level & mask);
        }
        lookUp(from, to);
    }

    /** Between black (0), the image (1) and beyond. */
    void brightness(byte[] from, byte[] to, double factor) {
        for (int level = 0; level < LEVELS; level++) {
            table[level] = blend(0, level, (float) factor);
        }
        lookUp(from, to);
    }

    /** Between its mean grey (0), the image (1) and beyond. */
    void contrast(byte[] from, byte[] to, double factor) {
        long sum = 0;
        for (int k = 0; k < plane; k++) {
            sum += grey(from, k);
        }
        int mean = (int) ((double) sum / plane + 0.5);
        for (int level = 0; level < LEVELS; level++) {
            table[level] = blend(mean, level, (float) factor);
        }
        lookUp(from, to);
    }

    private void count(byte[] image, int channel) {
        Arrays.fill(histogram, 0);
        for (int k = channel * plane; k < (channel + 1) * plane; k++) {
            histogram[image[k] & 0xff]++;
        }
    }

    private void lookUp(byte[] from, byte[] to) {
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            lookUp(from, to, channel);
        }
    }

    private void lookUp(byte[] from, byte[] to, int channel) {
        for (int k = channel * plane; k < (channel + 1) * plane; k++) {
            to[k] = table[from[k] & 0xff];
        }
    }

    // ---- neighbours and channels -----------------------------------------------------------------------------------

    /** Between grey (0), the image (1) and beyond. */
    void color(byte[] from, byte[] to, double factor) {
        for (int k = 0; k < plane; k++) {
            int grey = grey(from, k);
            for (int at = k; at < from.length; at += plane) {
                to[at] = blend(grey, from[at] & 0xff, (float) factor);
            }
        }
    }

    /** Between the image smoothed by the kernel (1 1 1, 1 5 1, 1 1 1) / 13 (0), the image (1) and beyond; the outermost pixels stay. */
    void sharpness(byte[] from, byte[] to, double factor) {
        System.arraycopy(from, 0, to, 0, from.length);
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            for (int y = 1; y < side - 1; y++) {
                int row = (channel * side + y) * side;
                for (int x = 1; x < side - 1; x++) {
                    int at = row + x;
                    int sum = 4 * (from[at] & 0xff);
                    for (int line = at - side; line <= at + side; line += side) {
                        sum += (from[line - 1] & 0xff) + (from[line] & 0xff) + (from[line + 1] & 0xff);
                    }
                    to[at] = blend((2 * sum + 13) / 26, from[at] & 0xff, (float) factor);
                }
            }
        }
    }

    /** ITU-R 601-2 luma in Pillow's fixed point. */
    private int grey(byte[] image, int k) {
        return ((image[k] & 0xff) * 19_595
                        + (image[plane + k] & 0xff) * 38_470
                        + (image[2 * plane + k] & 0xff) * 7_471
                        + 0x8000)
                >> 16;
    }

    /** From a (share 0) over b (share 1) on, cut off below 0 and above 255. */
    private static byte blend(int a, int b, float share) {
        return clipped((int) (a + share * (b - a)));
    }

    private static byte clipped(int level) {
        return (byte) Math.max(0, Math.min(LEVELS - 1, level));
    }

    // ---- geometry --------------------------------------------------------------------------------------------------

    /** Turns counter-clockwise about the middle. */
    void rotate(byte[] from, byte[] to, double degrees, byte[] fill) {
        if (degrees == 0) {
            System.arraycopy(from, 0, to, 0, from.length);
            return;
        }
        double angle = -Math.toRadians(degrees);
        double cos = Math.cos(angle);
        double sin = Math.sin(angle);
        double middle = side / 2.0;
        affine(
                from,
                to,
                fill,
                cos,
                sin,
                -middle * cos - middle * sin + middle,
                -sin,
                cos,
                middle * sin - middle * cos + middle);
    }

    /** Row y moves by factor · y to the left. */
    void shearX(byte[] from, byte[] to, double factor, byte[] fill) {
        affine(from, to, fill, 1, factor, 0, 0, 1, 0);
    }

    /** Column x moves by factor · x upwards. */
    void shearY(byte[] from, byte[] to, double factor, byte[] fill) {
        affine(from, to, fill, 1, 0, 0, factor, 1, 0);
    }

    /** To the left by a share of the width. */
    void translateX(byte[] from, byte[] to, double share, byte[] fill) {
        affine(from, to, fill, 1, 0, share * side, 0, 1, 0);
    }

    /** Upwards by a share of the height. */
    void translateY(byte[] from, byte[] to, double share, byte[] fill) {
        affine(from, to, fill, 1, 0, 0, 0, 1, share * side);
    }

    /**
     * The pixel at (x, y) is what bilinear interpolation finds at (a x + b y + c, d x + e y + f), both measured at the middle of a pixel; the fill colour where
     * that is outside.
     */
    private void affine(
            byte[] from, byte[] to, byte[] fill, double a, double b, double c, double d, double e, double f) {
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                double column = a * (x + 0.5) + b * (y + 0.5) + c;
                double row = d * (x + 0.5) + e * (y + 0.5) + f;
                int at = y * side + x;
                if (!(column >= 0 && column < side && row >= 0 && row < side)) {
                    for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
                        to[channel * plane + at] = fill[channel];
                    }
                    continue;
                }
                column -= 0.5;
                row -= 0.5;
                int left = (int) Math.floor(column);
                int top = (int) Math.floor(row);
                double rightShare = column - left;
                double bottomShare = row - top;
                int x0 = Math.max(0, left);
                int x1 = Math.min(side - 1, left + 1);
                int y0 = Math.max(0, top) * side;
                int y1 = Math.min(side - 1, top + 1) * side;
                for (int base = 0; base < from.length; base += plane) {
                    double upper = between(from[base + y0 + x0], from[base + y0 + x1], rightShare);
                    double lower = between(from[base + y1 + x0], from[base + y1 + x1], rightShare);
                    to[base + at] = (byte) (int) (upper + (lower - upper) * bottomShare);
                }
            }
        }
    }

    private static double between(byte a, byte b, double share) {
        return (a & 0xff) + ((b & 0xff) - (a & 0xff)) * share;
    }

    /** The image padded on each side with black and cropped to its size, so many pixels down and right of it; perhaps mirrored left to right. */
    void moved(byte[] from, byte[] to, int down, int right, boolean mirrored) {
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            for (int y = 0; y < side; y++) {
                int row = (channel * side + y) * side;
                boolean inside = y + down >= 0 && y + down < side;
                for (int x = 0; x < side; x++) {
                    int column = x + right;
                    to[row + (mirrored ? side - 1 - x : x)] =
                            inside && column >= 0 && column < side ? from[row + down * side + column] : 0;
                }
            }
        }
    }

    /** A window of the image, enlarged to its size by bilinear interpolation; perhaps mirrored left to right. */
    void window(byte[] from, byte[] to, int top, int left, int height, int width, boolean mirrored) {
        Enlargement columns = Enlargement.of(width, side);
        Enlargement rows = Enlargement.of(height, side);
        byte[] widened = new byte[height * side];
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            for (int y = 0; y < height; y++) {
                int row = (channel * side + top + y) * side + left;
                for (int x = 0; x < side; x++) {
                    int a = from[row + columns.first[x]] & 0xff;
                    int b = from[row + columns.second[x]] & 0xff;
                    widened[y * side + (mirrored ? side - 1 - x : x)] =
                            mixed(a, columns.firstWeight[x], b, columns.secondWeight[x]);
                }
            }
            for (int y = 0; y < side; y++) {
                int row = (channel * side + y) * side;
                int a = rows.first[y] * side;
                int b = rows.second[y] * side;
                int aWeight = rows.firstWeight[y];
                int bWeight = rows.secondWeight[y];
                for (int x = 0; x < side; x++) {
                    to[row + x] = mixed(widened[a + x] & 0xff, aWeight, widened[b + x] & 0xff, bWeight);
                }
            }
        }
    }

    /** The weights sum to one but for a rounding, so that the result needs no clipping. */
    private static byte mixed(int a, int aWeight, int b, int bWeight) {
        return (byte) ((a * aWeight + b * bWeight + (1 << (COEFFICIENT_BITS - 1))) >> COEFFICIENT_BITS);
    }

    /** Pillow's coefficients for an enlargement: two neighbours, or one twice at the edges, for each new pixel. */
    private static final class Enlargement {
        private final int[] first;
        private final int[] second;
        private final int[] firstWeight;
        private final int[] secondWeight;

        private Enlargement(int side) {
            first = new int[side];
            second = new int[side];
            firstWeight = new int[side];
            secondWeight = new int[side];
        }

        static Enlargement of(int pixels, int side) {
            Enlargement result = new Enlargement(side);
            double scale = (double) pixels / side;
            for (int i = 0; i < side; i++) {
                double middle = (i + 0.5) * scale;
                int low = Math.max(0, (int) (middle - 1 + 0.5));
                int high = Math.min(pixels, (int) (middle + 1 + 0.5)) - 1;
                double lowShare = share(low, middle);
                double sum = high == low ? lowShare : lowShare + share(high, middle);
                result.first[i] = low;
                result.second[i] = high;
                result.firstWeight[i] = fixedPoint(lowShare / sum);
                result.secondWeight[i] = high == low ? 0 : fixedPoint(share(high, middle) / sum);
            }
            return result;
        }

        private static double share(int pixel, double middle) {
            return Math.max(0, 1 - Math.abs(pixel - middle + 0.5));
        }

        private static int fixedPoint(double share) {
            return (int) (0.5 + share * (1 << COEFFICIENT_BITS));
        }
    }
}
