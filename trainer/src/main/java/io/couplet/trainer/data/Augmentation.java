package io.couplet.trainer.data;

/** What is done at random to a training image each time it is seen. */
public enum Augmentation {
    /** Nothing. */
    NONE,
    /**
     * The image, padded on each side by an eighth of its size (4 pixels at 32) with the training set's mean colour, is cropped back
     * to its size at a random place, and mirrored left to right half of the time.
     */
    CROP_AND_FLIP
}
