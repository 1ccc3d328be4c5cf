package io.couplet.trainer.data;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is done at random to training images each time they are seen, in this order: window, mirror, RandAugment, erasing, mixing.
 *
 * @param window which part of an image is shown
 * @param mirrored left to right, half of the time
 * @param randAugment colours and geometry; null for none
 * @param erasing share of images of which a rectangle becomes noise, in [0, 1]
 * @param mixup alpha of the shares in which two images are blended, 0 for none
 * @param cutmix alpha of the shares in which a part of one image is pasted into another, 0 for none
 */
public record Augmentation(
        Window window,
        boolean mirrored,
        @Nullable RandAugment randAugment,
        double erasing,
        double mixup,
        double cutmix) {

    /** Which part of an image is shown. */
    public enum Window {
        /** All of it. */
        WHOLE,
        /**
         * The image, padded on each side by an eighth of its size (4 pixels at 32) with black, is cropped back
         * to its size at a random place.
         */
        MOVED,
        /**
         * A window of 8 % to all of the area and an aspect ratio from 3 : 4 to 4 : 3, enlarged to the image's size bilinearly: torchvision's
         * {@code RandomResizedCrop} on an image that already has the study's size.
         */
        ENLARGED
    }

    /** Nothing. */
    public static final Augmentation NONE = new Augmentation(Window.WHOLE, false, null, 0, 0, 0);

    /** {@link Window#MOVED} and mirrored. */
    public static final Augmentation CROP_AND_FLIP = new Augmentation(Window.MOVED, true, null, 0, 0, 0);

    private static final String CROP_FLIP = "crop-flip";
    private static final String RESIZED_CROP_FLIP = "resized-crop-flip";
    private static final List<Integer> MAGNITUDES = List.of(7, 9);
    private static final double MAGNITUDE_STANDARD_DEVIATION = 0.5;

    public Augmentation {
        // Each checks what it is made of.
        new RandomErasing(erasing);
        new Mixing(mixup, cutmix);
    }

    /** The names that {@link #named} takes. */
    public static List<String> names() {
        List<String> names = new ArrayList<>(List.of("none"));
        for (String window : List.of(CROP_FLIP, RESIZED_CROP_FLIP)) {
            names.add(window);
            MAGNITUDES.forEach(magnitude -> names.add(window + "-rand-m" + magnitude));
        }
        return List.copyOf(names);
    }

    /**
     * Of single images, neither erased nor mixed: {@code none}, {@code crop-flip} ({@link Window#MOVED} and mirrored), {@code resized-crop-flip}
     * ({@link Window#ENLARGED} and mirrored), and either with {@code -rand-m7} or {@code -rand-m9}, RandAugment of that magnitude with standard deviation 0.5.
     *
     * @throws IllegalArgumentException with the names there are
     */
    public static Augmentation named(String name) {
        if (!names().contains(name)) {
            throw new IllegalArgumentException(
                    "unknown augmentation '" + name + "': there are " + String.join(", ", names()));
        }
        if (name.equals("none")) {
            return NONE;
        }
        int magnitude = name.indexOf("-rand-m");
        return new Augmentation(
                name.startsWith(RESIZED_CROP_FLIP) ? Window.ENLARGED : Window.MOVED,
                true,
                magnitude < 0
                        ? null
                        : new RandAugment(
                                Integer.parseInt(name.substring(magnitude + "-rand-m".length())),
                                MAGNITUDE_STANDARD_DEVIATION),
                0,
                0,
                0);
    }

    /** The same, with a share of the images erased in part. */
    public Augmentation withErasing(double newErasing) {
        return new Augmentation(window, mirrored, randAugment, newErasing, mixup, cutmix);
    }

    /** The same, with batches mixed. */
    public Augmentation withMixing(double newMixup, double newCutmix) {
        return new Augmentation(window, mirrored, randAugment, erasing, newMixup, newCutmix);
    }
}
