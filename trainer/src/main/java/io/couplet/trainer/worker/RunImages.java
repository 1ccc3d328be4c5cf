package io.couplet.trainer.worker;

import io.couplet.schemas.avro.DataReference;
import io.couplet.trainer.data.Augmentation;
import io.couplet.trainer.data.Batch;
import io.couplet.trainer.data.BatchSource;
import io.couplet.trainer.data.Batches;
import io.couplet.trainer.data.DataException;
import io.couplet.trainer.data.DataOptions;
import io.couplet.trainer.data.DataSets;
import io.couplet.trainer.data.DataSplit;
import io.couplet.trainer.training.TrainingData;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The images of runs; those of the newest request are kept, since the next run of its study wants the same. */
final class RunImages {

    private @Nullable DataOptions keptFor;
    private @Nullable DataSplit kept;

    /**
     * Opens the images of a request.
     *
     * @throws DataException in one sentence with the fix
     * @throws IllegalArgumentException when an option is out of range
     */
    synchronized DataSplit open(DataReference reference) throws DataException, InterruptedException {
        DataOptions options = options(reference);
        DataSplit split = kept;
        if (split == null || !options.equals(keptFor)) {
            kept = null;
            split = DataSets.open(options);
            kept = split;
            keptFor = options;
        }
        return split;
    }

    private static DataOptions options(DataReference reference) {
        return new DataOptions(
                path(reference.getPath()),
                path(reference.getValidationPath()),
                reference.getValidationFraction(),
                reference.getImageSize(),
                reference.getSeed(),
                reference.getLimit());
    }

    private static @Nullable Path path(@Nullable String text) {
        return text == null ? null : Path.of(text);
    }

    /** The images as a training takes them in, augmented as its recipe says. */
    static TrainingData augmented(DataSplit split, String augmentation) {
        Augmentation how = augmentation(augmentation);
        return new TrainingData() {
            @Override
            public int classes() {
                return split.classCount();
            }

            @Override
            public int imageSize() {
                return split.imageSize();
            }

            @Override
            public int trainingImages() {
                return split.training().size();
            }

            @Override
            public BatchSource training(int batchSize, long seed) {
                return Batches.training(split.training(), split.normalisation(), batchSize, how, seed);
            }

            @Override
            public Iterable<Batch> validation(int batchSize) {
                return Batches.inOrder(split.validation(), split.normalisation(), batchSize);
            }
        };
    }

    private static Augmentation augmentation(String name) {
        return switch (name) {
            case "none" -> Augmentation.NONE;
            case "crop-flip" -> Augmentation.CROP_AND_FLIP;
            default ->
                throw new IllegalArgumentException("unknown augmentation '" + name + "': there are none, crop-flip");
        };
    }
}
