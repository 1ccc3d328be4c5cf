package io.couplet.trainer.data;

/**
 * Images and labels for one step. The arrays are the receiver's to keep or change.
 *
 * @param images normalised, (size, 3, height, width), row-major
 * @param labels class of each image, (size)
 * @param size how many images
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of bulk data: nobody compares batches
public record Batch(float[] images, int[] labels, int size) {

    public Batch {
        if (size < 1 || labels.length != size || images.length % size != 0) {
            throw new IllegalArgumentException("size must be at least 1 and match labels and images, was " + size
                    + " with " + labels.length + " labels and " + images.length + " values");
        }
    }
}
