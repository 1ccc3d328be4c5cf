package io.couplet.trainer.data;

import java.util.List;

/**
 * The data of a study: what to train on, what to validate on, and where both come from.
 *
 * @param normalisation of the training images; validation images are normalised by it too
 */
public record DataSplit(ImageSet training, ImageSet validation, Normalisation normalisation, DataReport report) {

    public DataSplit {
        if (!training.classNames().equals(validation.classNames())) {
            throw new IllegalArgumentException("training and validation must have the same classes, were "
                    + training.classNames() + " and " + validation.classNames());
        }
    }

    public List<String> classNames() {
        return training.classNames();
    }

    public int classCount() {
        return training.classCount();
    }

    public int imageSize() {
        return training.height();
    }
}
