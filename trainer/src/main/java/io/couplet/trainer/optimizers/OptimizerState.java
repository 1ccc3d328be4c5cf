package io.couplet.trainer.optimizers;

import java.util.List;

/**
 * What an optimizer remembers, ready to be saved.
 *
 * @param step how many steps it has made
 * @param names of the vectors
 * @param vectors one per name, each as long as the parameters
 */
public record OptimizerState(long step, List<String> names, List<float[]> vectors) {
    public OptimizerState {
        names = List.copyOf(names);
        vectors = List.copyOf(vectors);
        if (names.size() != vectors.size()) {
            throw new IllegalArgumentException(
                    "there must be as many vectors as names, were " + vectors.size() + " and " + names.size());
        }
    }
}
