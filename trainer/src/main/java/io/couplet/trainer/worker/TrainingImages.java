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
import io.couplet.trainer.recipes.Recipe;
import io.couplet.trainer.training.TrainingData;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The images that requests refer to, each data set read once and kept for the runs that follow; two data sets at most. Safe for use by several threads.
 */
public class TrainingImages {
    private static final int KEPT = 2;

    private final RequestFiles files;
    private final ReentrantLock reading = new ReentrantLock();
    private final Map<DataOptions, DataSplit> kept = new LinkedHashMap<>();

    /** @param root what relative paths start from and what nothing may lie outside of; null for the working directory and no bounds */
    public TrainingImages(@Nullable Path root) {
        this.files = new RequestFiles(root);
    }

    /**
     * The data set of a request; waits while another thread reads one.
     *
     * @throws DataException when it cannot be trained on, in one sentence with the fix
     * @throws IllegalArgumentException when the reference itself is wrong
     */
    public DataSplit open(DataReference reference) throws DataException, InterruptedException {
        DataOptions options = options(reference);
        reading.lockInterruptibly();
        try {
            DataSplit split = kept.remove(options);
            if (split == null) {
                if (kept.size() == KEPT) {
                    kept.remove(kept.keySet().iterator().next());
                }
                split = DataSets.open(options);
            }
            kept.put(options, split);
            return split;
        } finally {
            reading.unlock();
        }
    }

    private DataOptions options(DataReference reference) {
        return new DataOptions(
                path(reference.getPath()),
                path(reference.getValidationPath()),
                reference.getValidationFraction(),
                reference.getImageSize(),
                reference.getSeed(),
                reference.getLimit());
    }

    private @Nullable Path path(@Nullable String path) {
        return path == null ? null : files.resolve(path);
    }

    /**
     * A data set as a training takes it in.
     *
     * @throws IllegalArgumentException when there is no augmentation of that name
     */
    public static TrainingData trainingData(DataSplit split, Recipe recipe) {
        Augmentation augmentation = Augmentation.named(recipe.augmentation())
                .withErasing(recipe.randomErasing())
                .withMixing(recipe.mixup(), recipe.cutmix());
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
            public BatchSource training(int batchSize, long seed, long firstStep) {
                return Batches.training(
                        split.training(), split.normalisation(), batchSize, augmentation, seed, firstStep);
            }

            @Override
            public Iterable<Batch> validation(int batchSize) {
                return Batches.inOrder(split.validation(), split.normalisation(), batchSize);
            }
        };
    }
}
