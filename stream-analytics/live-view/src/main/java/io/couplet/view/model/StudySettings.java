package io.couplet.view.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What all runs of a study share, from its requests. */
public record StudySettings(
        String recipe,
        String backboneSize,
        int budgetSteps,
        int warmupSteps,
        int batchSize,
        int imageSize,
        @Nullable String dataPath,
        @Nullable String validationPath,
        double validationFraction,
        @Nullable Integer dataLimit,
        List<Long> seeds,
        int hyperparameterPoints,
        List<Double> rungs,
        List<String> stoppingRules,
        long submittedMillis) {}
