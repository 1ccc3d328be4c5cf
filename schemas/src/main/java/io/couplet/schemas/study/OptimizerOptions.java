package io.couplet.schemas.study;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One optimizer's own hyper-parameters.
 *
 * @param learningRates in place of the study's; empty for the study's
 * @param weightDecays in place of the study's; empty for the study's
 * @param options further options by the optimizer's name for them
 */
public record OptimizerOptions(
        List<Double> learningRates, List<Double> weightDecays, SortedMap<String, Double> options) {

    /** Nothing of its own. */
    public static final OptimizerOptions NONE = new OptimizerOptions(List.of(), List.of(), new TreeMap<>());

    public OptimizerOptions {
        learningRates = List.copyOf(learningRates);
        weightDecays = List.copyOf(weightDecays);
        options = Collections.unmodifiableSortedMap(new TreeMap<>(options));
        Bounds.LEARNING_RATE.requireAll("learning-rate", learningRates);
        Bounds.WEIGHT_DECAY.requireAll("weight-decay", weightDecays);
        options.forEach(Bounds.OPTION::require);
    }
}
