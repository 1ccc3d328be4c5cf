package io.couplet.trainer.data;

/**
 * Mean and population standard deviation of each channel on the scale 0 to 1, taken once from the training images.
 *
 * <p>A pixel p of 0 to 255 becomes (p / 255 − mean) / standardDeviation. A channel without any spread is only centred.
 */
public final class Normalisation {
    private static final int LEVELS = 256;

    private final double[] means;
    private final double[] standardDeviations;
    private final float[][] values = new float[ImageSet.CHANNELS][LEVELS];

    private Normalisation(double[] means, double[] standardDeviations) {
        this.means = means;
        this.standardDeviations = standardDeviations;
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            double spread = standardDeviations[channel] > 0 ? standardDeviations[channel] : 1;
            for (int level = 0; level < LEVELS; level++) {
                values[channel][level] = (float) ((level / 255.0 - means[channel]) / spread);
            }
        }
    }

    /** Exact: counted per level in integers, so that the order of the images does not matter. */
    public static Normalisation of(ImageSet training) {
        int plane = training.height() * training.width();
        double[] means = new double[ImageSet.CHANNELS];
        double[] standardDeviations = new double[ImageSet.CHANNELS];
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            long sum = 0;
            long sumOfSquares = 0;
            for (int i = 0; i < training.size(); i++) {
                byte[] image = training.rawPixels(i);
                for (int k = channel * plane; k < (channel + 1) * plane; k++) {
                    int level = image[k] & 0xff;
                    sum += level;
                    sumOfSquares += (long) level * level;
                }
            }
            double pixels = (double) training.size() * plane;
            double mean = sum / pixels;
            means[channel] = mean / 255;
            standardDeviations[channel] = Math.sqrt(Math.max(0, sumOfSquares / pixels - mean * mean)) / 255;
        }
        return new Normalisation(means, standardDeviations);
    }

    public double mean(int channel) {
        return means[channel];
    }

    public double standardDeviation(int channel) {
        return standardDeviations[channel];
    }

    /** The mean of each channel as the level nearest to it. */
    byte[] meanColour() {
        byte[] colour = new byte[ImageSet.CHANNELS];
        for (int channel = 0; channel < colour.length; channel++) {
            colour[channel] = (byte) Math.min(LEVELS - 1, Math.round(255 * means[channel]));
        }
        return colour;
    }

    /** The normalised value of each level 0 to 255 of a channel; only for reading. */
    float[] valuesOf(int channel) {
        return values[channel];
    }
}
