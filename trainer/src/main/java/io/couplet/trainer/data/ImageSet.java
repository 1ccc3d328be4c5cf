package io.couplet.trainer.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Labelled square images in memory, immutable.
 *
 * <p>An image is 3 planes (red, green, blue) of height × width unsigned bytes, row by row. Grey images have three equal planes.
 */
public final class ImageSet {
    static final int CHANNELS = 3;

    private final List<String> classNames;
    private final int side;
    private final byte[][] images;
    private final int[] labels;

    private ImageSet(List<String> classNames, int side, byte[][] images, int[] labels) {
        this.classNames = classNames;
        this.side = side;
        this.images = images;
        this.labels = labels;
    }

    /** Takes the arrays over; the caller must not write to them again. */
    static ImageSet of(List<String> classNames, int side, byte[][] images, int[] labels) {
        if (images.length == 0 || images.length != labels.length) {
            throw new IllegalArgumentException(
                    "there must be images, and a label for each, were " + images.length + " and " + labels.length);
        }
        for (int i = 0; i < images.length; i++) {
            if (images[i].length != CHANNELS * side * side) {
                throw new IllegalArgumentException(
                        "image " + i + " must have " + CHANNELS * side * side + " bytes, had " + images[i].length);
            }
            if (labels[i] < 0 || labels[i] >= classNames.size()) {
                throw new IllegalArgumentException(
                        "label " + i + " must lie in 0 to " + (classNames.size() - 1) + ", was " + labels[i]);
            }
        }
        return new ImageSet(List.copyOf(classNames), side, images, labels);
    }

    public int size() {
        return images.length;
    }

    public int height() {
        return side;
    }

    public int width() {
        return side;
    }

    /** Always 3. */
    public int channels() {
        return CHANNELS;
    }

    public List<String> classNames() {
        return classNames;
    }

    public int classCount() {
        return classNames.size();
    }

    /** The place of the image's class in {@link #classNames()}. */
    public int label(int index) {
        return labels[index];
    }

    /** How many images each class has, in the order of {@link #classNames()}. */
    public int[] classCounts() {
        int[] counts = new int[classNames.size()];
        for (int label : labels) {
            counts[label]++;
        }
        return counts;
    }

    /** A copy of one image, (channels, height, width). */
    public byte[] pixels(int index) {
        return images[index].clone();
    }

    /** The image itself, not a copy: only for reading, within this package. */
    byte[] rawPixels(int index) {
        return images[index];
    }

    /** The images at these places, in this order; pixels are shared. */
    ImageSet subset(int[] indices) {
        byte[][] chosen = new byte[indices.length][];
        int[] chosenLabels = new int[indices.length];
        for (int i = 0; i < indices.length; i++) {
            chosen[i] = images[indices[i]];
            chosenLabels[i] = labels[indices[i]];
        }
        return of(classNames, side, chosen, chosenLabels);
    }

    /** SHA-256 over class names, size, labels and pixels of the sets in turn, in hexadecimal. */
    static String fingerprint(ImageSet... sets) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        for (ImageSet set : sets) {
            digest.update(String.join("\n", set.classNames).getBytes(StandardCharsets.UTF_8));
            digest.update(
                    ByteBuffer.allocate(8).putInt(set.side).putInt(set.size()).array());
            ByteBuffer labelBytes = ByteBuffer.allocate(4 * set.size());
            labelBytes.asIntBuffer().put(set.labels);
            digest.update(labelBytes);
            for (byte[] image : set.images) {
                digest.update(image);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
