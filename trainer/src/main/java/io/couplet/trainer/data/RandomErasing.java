package io.couplet.trainer.data;

/**
 * Random erasing (Zhong et al. 2020, arXiv:1708.04896) as timm has it with {@code remode=pixel} ({@code timm/data/random_erasing.py}, 1.0.29): a rectangle of 2 % to a
 * third of the image, of an aspect ratio from 0.3 to 1 / 0.3, becomes standard normal noise. Works on normalised images.
 *
 * @param probability share of images of which something is erased
 */
record RandomErasing(double probability) {
    private static final double LEAST_AREA = 0.02;
    private static final double MOST_AREA = 1.0 / 3;
    private static final double LOG_ASPECT = -StrictMath.log(0.3);
    private static final int ATTEMPTS = 10;

    RandomErasing {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("the share of erased images must be in [0, 1], was " + probability);
        }
    }

    /** @param place of the image in the batch */
    void erase(float[] images, int place, int side, SplitMix random) {
        if (probability == 0 || random.between(0, 1) >= probability) {
            return;
        }
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            double area = random.between(LEAST_AREA, MOST_AREA) * side * side;
            double aspect = StrictMath.exp(random.between(-LOG_ASPECT, LOG_ASPECT));
            int height = (int) Math.rint(Math.sqrt(area * aspect));
            int width = (int) Math.rint(Math.sqrt(area / aspect));
            if (width < side && height < side) {
                int top = random.nextInt(side - height + 1);
                int left = random.nextInt(side - width + 1);
                fill(images, place, side, top, left, height, width, random);
                return;
            }
        }
    }

    private static void fill(
            float[] images, int place, int side, int top, int left, int height, int width, SplitMix random) {
        for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
            for (int row = top; row < top + height; row++) {
                int from = ((place * ImageSet.CHANNELS + channel) * side + row) * side + left;
                random.fillWithGaussians(images, from, from + width);
            }
        }
    }
}
