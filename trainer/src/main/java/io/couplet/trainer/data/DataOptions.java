package io.couplet.trainer.data;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Which images to use and how; equal options on unchanged files give equal data.
 *
 * @param path the data, in any of the formats of {@link DataSets}; null for the built-in {@link ProceduralImages}
 * @param validationPath images to validate with, of the same classes; null to use the validation part that the data brings, or
 *     else to split by {@code validationFraction}
 * @param validationFraction the share of each class that is kept for validation when the data are split here
 * @param imageSize height and width in pixels to which every image is brought
 * @param seed decides the split, which images a limit keeps, and the built-in images
 * @param limit at most this many images, training and validation together, evenly over the classes; null for all
 */
public record DataOptions(
        @Nullable Path path,
        @Nullable Path validationPath,
        double validationFraction,
        int imageSize,
        long seed,
        @Nullable Integer limit) {

    private static final int SMALLEST_IMAGE = 8;
    private static final int LARGEST_IMAGE = 1024;

    public DataOptions {
        if (!(validationFraction > 0 && validationFraction < 1)) {
            throw new IllegalArgumentException(
                    "validationFraction must lie between 0 and 1, both excluded, was " + validationFraction);
        }
        if (imageSize < SMALLEST_IMAGE || imageSize > LARGEST_IMAGE) {
            throw new IllegalArgumentException(
                    "imageSize must be from " + SMALLEST_IMAGE + " to " + LARGEST_IMAGE + ", was " + imageSize);
        }
        if (limit != null && limit < 4) {
            throw new IllegalArgumentException("limit must be at least 4, was " + limit);
        }
        if (path == null && validationPath != null) {
            throw new IllegalArgumentException("validationPath needs a path beside it, was " + validationPath);
        }
    }

    /** The built-in images at 32 × 32, a fifth of them to validate with, seed 0. */
    public static DataOptions defaults() {
        return new DataOptions(null, null, 0.2, 32, 0, null);
    }

    public DataOptions withPath(@Nullable Path newPath) {
        return new DataOptions(newPath, validationPath, validationFraction, imageSize, seed, limit);
    }

    public DataOptions withValidationPath(@Nullable Path newValidationPath) {
        return new DataOptions(path, newValidationPath, validationFraction, imageSize, seed, limit);
    }

    public DataOptions withValidationFraction(double newValidationFraction) {
        return new DataOptions(path, validationPath, newValidationFraction, imageSize, seed, limit);
    }

    public DataOptions withImageSize(int newImageSize) {
        return new DataOptions(path, validationPath, validationFraction, newImageSize, seed, limit);
    }

    public DataOptions withSeed(long newSeed) {
        return new DataOptions(path, validationPath, validationFraction, imageSize, newSeed, limit);
    }

    public DataOptions withLimit(@Nullable Integer newLimit) {
        return new DataOptions(path, validationPath, validationFraction, imageSize, seed, newLimit);
    }
}
