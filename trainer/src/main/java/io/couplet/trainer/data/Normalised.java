package io.couplet.trainer.data;

/** Writes images as normalised floats, (channels, height, width), into their place of a batch. */
final class Normalised {
    private final Normalisation normalisation;
    private final int side;

    Normalised(Normalisation normalisation, int side) {
        this.normalisation = normalisation;
        this.side = side;
    }

    int valuesPerImage() {
        return ImageSet.CHANNELS * side * side;
    }

    void write(byte[] pixels, float[] target, int place) {
        int plane = side * side;
        int offset = place * valuesPerImage();
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            float[] values = normalisation.valuesOf(channel);
            for (int k = channel * plane; k < (channel + 1) * plane; k++) {
                target[offset + k] = values[pixels[k] & 0xff];
            }
        }
    }

    /** The window that lies so many pixels down and right of the image; outside of it stays 0, which is the mean colour. */
    void writeMoved(byte[] pixels, float[] target, int place, int down, int right, boolean mirrored) {
        int offset = place * valuesPerImage();
        int firstColumn = Math.max(0, -right);
        int endColumn = Math.min(side, side - right);
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            float[] values = normalisation.valuesOf(channel);
            for (int row = Math.max(0, -down); row < Math.min(side, side - down); row++) {
                int from = (channel * side + row + down) * side + right;
                int to = offset + (channel * side + row) * side;
                if (mirrored) {
                    for (int column = firstColumn; column < endColumn; column++) {
                        target[to + side - 1 - column] = values[pixels[from + column] & 0xff];
                    }
                } else {
                    for (int column = firstColumn; column < endColumn; column++) {
                        target[to + column] = values[pixels[from + column] & 0xff];
                    }
                }
            }
        }
    }
}
