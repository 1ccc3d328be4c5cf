package io.couplet.trainer.data;

import java.io.IOException;

/**
 * An image that is not decoded yet.
 *
 * @param name what a person would look for when it is listed as unusable
 * @param label the place of its class in {@link Listing#classNames()}
 */
record Sample(String name, int label, Decoding decoding) {

    /** Can be called by several threads at once. */
    @FunctionalInterface
    interface Decoding {
        /**
         * @param wantedSide the size that the image will be brought to
         * @throws UnusableImageException with the reason for leaving the image out
         */
        Planes decode(int wantedSide) throws IOException;
    }

    Sample withLabel(int newLabel) {
        return new Sample(name, newLabel, decoding);
    }
}
