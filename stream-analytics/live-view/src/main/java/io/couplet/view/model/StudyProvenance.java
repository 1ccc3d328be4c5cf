package io.couplet.view.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the runs of a study were made with, each distinct environment and data set once; more than one says that the runs
 * are not quite alike.
 */
public record StudyProvenance(List<Environment> environments, List<Data> data) {

    /** One environment and how many attempts ran in it. */
    public record Environment(
            String coupletVersion,
            @Nullable String gitRevision,
            String javaVersion,
            String engine,
            String operatingSystem,
            String host,
            String device,
            String recipe,
            int attempts) {

        Environment times(int newAttempts) {
            return new Environment(
                    coupletVersion,
                    gitRevision,
                    javaVersion,
                    engine,
                    operatingSystem,
                    host,
                    device,
                    recipe,
                    newAttempts);
        }
    }

    /** One data set and how many attempts read it. */
    public record Data(
            String source,
            String fingerprint,
            int classes,
            int trainingImages,
            int validationImages,
            int imagesSkipped,
            int attempts) {

        Data times(int newAttempts) {
            return new Data(source, fingerprint, classes, trainingImages, validationImages, imagesSkipped, newAttempts);
        }
    }
}
