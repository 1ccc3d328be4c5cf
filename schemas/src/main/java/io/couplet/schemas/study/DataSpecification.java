package io.couplet.schemas.study;

import org.jspecify.annotations.Nullable;

/**
 * The images of a study.
 *
 * @param path folder, zip or archive as the trainer sees it; null for the built-in images
 * @param validationPath where the validation images are; null splits them off, or takes the data's own part
 * @param validationFraction share kept for validation when it is split off, in (0, 1)
 * @param imageSize height and width in pixels, 8 to 1024
 * @param seed seed of the split and of the built-in images
 * @param limit at most so many images; null takes all
 */
public record DataSpecification(
        @Nullable String path,
        @Nullable String validationPath,
        double validationFraction,
        int imageSize,
        long seed,
        @Nullable Integer limit) {

    static final String VALIDATION_WITHOUT_PATH =
            "data.validation-path needs data.path: the built-in images are split by themselves";

    public DataSpecification {
        Bounds.VALIDATION_FRACTION.require("data.validation-fraction", validationFraction);
        Bounds.IMAGE_SIZE.require("data.image-size", imageSize);
        Bounds.SEED.require("data.seed", seed);
        Bounds.LIMIT.requireIfGiven("data.limit", limit);
        if (validationPath != null && path == null) {
            throw new IllegalArgumentException(VALIDATION_WITHOUT_PATH);
        }
    }

    /** The same with images from elsewhere. */
    public DataSpecification withPaths(@Nullable String newPath, @Nullable String newValidationPath) {
        return new DataSpecification(newPath, newValidationPath, validationFraction, imageSize, seed, limit);
    }

    /** The same at another size in pixels. */
    public DataSpecification withImageSize(int newImageSize) {
        return new DataSpecification(path, validationPath, validationFraction, newImageSize, seed, limit);
    }

    /** The same with at most so many images. */
    public DataSpecification withLimit(@Nullable Integer newLimit) {
        return new DataSpecification(path, validationPath, validationFraction, imageSize, seed, newLimit);
    }
}
