package io.couplet.trainer.data;

/**
 * How a batch is mixed with itself in reverse order, as timm does it with {@code mixup_mode=batch} ({@code timm/data/mixup.py}, 1.0.29): each image with its
 * partner, all by one share that is drawn from a Beta distribution; by mixup (Zhang et al. 2018, arXiv:1710.09412) or by cutmix (Yun et al. 2019,
 * arXiv:1905.04899), half of the batches each where both are on.
 *
 * @param mixup alpha of Beta(alpha, alpha) for blending, 0 for none
 * @param cutmix alpha of Beta(alpha, alpha) for pasting a rectangle, 0 for none
 */
record Mixing(double mixup, double cutmix) {

    Mixing {
        if (!(mixup >= 0 && mixup < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("mixup must be at least 0, was " + mixup);
        }
        if (!(cutmix >= 0 && cutmix < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("cutmix must be at least 0, was " + cutmix);
        }
    }

    boolean isOff() {
        return mixup == 0 && cutmix == 0;
    }

    /**
     * Mixes in place.
     *
     * @param images (size, 3, side, side)
     * @return the share of each image that is still its own
     */
    double mix(float[] images, int size, int side, SplitMix random) {
        if (isOff()) {
            return 1;
        }
        boolean cut = mixup == 0 || (cutmix > 0 && random.nextBoolean());
        double share = random.nextBeta(cut ? cutmix : mixup);
        return cut ? paste(images, size, side, share, random) : blend(images, size, share);
    }

    private static double blend(float[] images, int size, double share) {
        int values = images.length / size;
        float own = (float) share;
        float others = (float) (1 - share);
        for (int i = 0; i < size / 2; i++) {
            int a = i * values;
            int b = (size - 1 - i) * values;
            for (int k = 0; k < values; k++) {
                float one = images[a + k];
                float two = images[b + k];
                images[a + k] = own * one + others * two;
                images[b + k] = own * two + others * one;
            }
        }
        return share;
    }

    /** Exchanges a rectangle whose area is the partner's share; what hangs over the edge is lost and the share corrected by it. */
    private static double paste(float[] images, int size, int side, double share, SplitMix random) {
        int cut = (int) (side * Math.sqrt(1 - share));
        int y = random.nextInt(side);
        int x = random.nextInt(side);
        int top = Math.max(0, y - cut / 2);
        int bottom = Math.min(side, y + (cut + 1) / 2);
        int left = Math.max(0, x - cut / 2);
        int right = Math.min(side, x + (cut + 1) / 2);
        int values = images.length / size;
        float[] kept = new float[side];
        for (int i = 0; i < size / 2; i++) {
            for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
                for (int row = top; row < bottom; row++) {
                    int within = (channel * side + row) * side + left;
                    int a = i * values + within;
                    int b = (size - 1 - i) * values + within;
                    System.arraycopy(images, a, kept, 0, right - left);
                    System.arraycopy(images, b, images, a, right - left);
                    System.arraycopy(kept, 0, images, b, right - left);
                }
            }
        }
        return 1 - (double) (bottom - top) * (right - left) / (side * side);
    }
}
