package io.couplet.trainer.data;

/**
 * RandAugment (Cubuk et al. 2019, arXiv:1909.13719) as timm has it with {@code rand-m9-mstd0.5-inc1}: two of fifteen operations, drawn with replacement, each made
 * with probability one half at a strength drawn around the magnitude; the operations are those that grow stronger with the magnitude.
 *
 * <p>Operations and strengths are timm 1.0.29's ({@code timm/data/auto_augment.py}). Where an operation interpolates it does so bilinearly; timm draws bilinear or
 * bicubic. Where it uncovers something it shows the mean colour of the training images.
 *
 * @param magnitude mean strength, from 0 to 10
 * @param standardDeviation of the strength, which is then kept from 0 to 10
 */
public record RandAugment(double magnitude, double standardDeviation) {
    private static final int LAYERS = 2;
    private static final double STRONGEST = 10;

    private enum Operation {
        AUTO_CONTRAST,
        EQUALIZE,
        INVERT,
        ROTATE,
        POSTERIZE,
        SOLARIZE,
        SOLARIZE_ADD,
        COLOR,
        CONTRAST,
        BRIGHTNESS,
        SHARPNESS,
        SHEAR_X,
        SHEAR_Y,
        TRANSLATE_X,
        TRANSLATE_Y
    }

    private static final Operation[] OPERATIONS = Operation.values();

    public RandAugment {
        if (!(magnitude >= 0 && magnitude <= STRONGEST)) {
            throw new IllegalArgumentException("magnitude must be from 0 to 10, was " + magnitude);
        }
        if (!(standardDeviation >= 0 && standardDeviation < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("standardDeviation must be at least 0, was " + standardDeviation);
        }
    }

    /**
     * Augments an image.
     *
     * @param image the image, which is not kept
     * @param spare another array of its size
     * @param fill a colour for what is uncovered
     * @return that one of the two arrays which now holds the result
     */
    byte[] apply(byte[] image, byte[] spare, SplitMix random, ImageOperations operations, byte[] fill) {
        byte[] current = image;
        byte[] other = spare;
        for (int layer = 0; layer < LAYERS; layer++) {
            Operation operation = OPERATIONS[random.nextInt(OPERATIONS.length)];
            if (random.nextBoolean()) {
                continue;
            }
            double level = Math.max(0, Math.min(STRONGEST, magnitude + standardDeviation * random.nextGaussian()));
            apply(operation, level / STRONGEST, random.nextBoolean(), current, other, operations, fill);
            byte[] kept = current;
            current = other;
            other = kept;
        }
        return current;
    }

    /** @param strength from 0 to 1 */
    private static void apply(
            Operation operation,
            double strength,
            boolean negative,
            byte[] from,
            byte[] to,
            ImageOperations operations,
            byte[] fill) {
        double signed = negative ? -strength : strength;
        double factor = Math.max(0.1, 1 + 0.9 * signed);
        switch (operation) {
            case AUTO_CONTRAST -> operations.autoContrast(from, to);
            case EQUALIZE -> operations.equalize(from, to);
            case INVERT -> operations.invert(from, to);
            case ROTATE -> operations.rotate(from, to, 30 * signed, fill);
            case POSTERIZE -> operations.posterize(from, to, 4 - (int) (4 * strength));
            case SOLARIZE -> operations.solarize(from, to, 256 - (int) (256 * strength));
            case SOLARIZE_ADD -> operations.solarizeAdd(from, to, (int) (110 * strength));
            case COLOR -> operations.color(from, to, factor);
            case CONTRAST -> operations.contrast(from, to, factor);
            case BRIGHTNESS -> operations.brightness(from, to, factor);
            case SHARPNESS -> operations.sharpness(from, to, factor);
            case SHEAR_X -> operations.shearX(from, to, 0.3 * signed, fill);
            case SHEAR_Y -> operations.shearY(from, to, 0.3 * signed, fill);
            case TRANSLATE_X -> operations.translateX(from, to, 0.45 * signed, fill);
            case TRANSLATE_Y -> operations.translateY(from, to, 0.45 * signed, fill);
        }
    }
}
