package io.couplet.trainer.data;

import java.util.Arrays;

/**
 * Images and labels for one step. The arrays are the receiver's to keep or change.
 *
 * @param images normalised, (size, 3, height, width), row-major
 * @param labels class of each image, (size)
 * @param partnerLabels class of the image that was mixed into each, (size); the labels themselves where nothing was
 * @param share how much of each image is its own, in [0, 1]; 1 where nothing was mixed
 * @param size how many images
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of bulk data: nobody compares batches
public record Batch(float[] images, int[] labels, int[] partnerLabels, double share, int size) {

    public Batch {
        if (size < 1 || labels.length != size || partnerLabels.length != size || images.length % size != 0) {
            throw new IllegalArgumentException("size must be at least 1 and match labels and images, was " + size
                    + " with " + labels.length + " labels and " + images.length + " values");
        }
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("share must be in [0, 1], was " + share);
        }
    }

    /** Images of which none is mixed. */
    public Batch(float[] images, int[] labels, int size) {
        this(images, labels, labels, 1, size);
    }

    /** Images mixed with the batch in reverse order. */
    static Batch mixedInReverse(float[] images, int[] labels, double share) {
        int[] reversed = new int[labels.length];
        for (int i = 0; i < labels.length; i++) {
            reversed[i] = labels[labels.length - 1 - i];
        }
        return new Batch(images, labels, reversed, share, labels.length);
    }

    /** The class that each image shows most of; its own at equal shares. An accuracy on mixed images is reckoned with these. */
    public int[] dominantLabels() {
        return share >= 0.5 ? labels : partnerLabels;
    }

    /**
     * What a net should say of each image: {@code share} of its label and the rest of its partner's, smoothed.
     *
     * @param smoothing the part that is spread evenly over all classes, in [0, 1)
     * @return (size, classes), each row of sum 1
     */
    public float[] targets(int classes, double smoothing) {
        float[] targets = new float[size * classes];
        Arrays.fill(targets, (float) (smoothing / classes));
        for (int i = 0; i < size; i++) {
            targets[i * classes + labels[i]] += (float) ((1 - smoothing) * share);
            targets[i * classes + partnerLabels[i]] += (float) ((1 - smoothing) * (1 - share));
        }
        return targets;
    }
}
