package io.couplet.trainer.data;

/**
 * A decoded image of any size.
 *
 * @param levels (3, height, width), unsigned bytes
 */
@SuppressWarnings("ArrayRecordComponent") // passed on at once, never compared
record Planes(int width, int height, byte[] levels) {

    static Planes grey(int width, int height, byte[] source, int offset) {
        int plane = width * height;
        byte[] levels = new byte[ImageSet.CHANNELS * plane];
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            System.arraycopy(source, offset, levels, channel * plane, plane);
        }
        return new Planes(width, height, levels);
    }
}
