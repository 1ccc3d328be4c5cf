package io.couplet.schemas.study;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The names a study may use, in the order in which they are listed to people.
 *
 * @param backbones registered backbones
 * @param sizes sizes of backbones, e.g. nano
 * @param optimizers registered optimizers, each with the names of its options beside learning rate and weight decay
 * @param recipes registered recipes
 * @param augmentations registered augmentations
 * @param losses registered losses
 * @param rules registered stopping rules, each with the names of its options
 */
public record KnownNames(
        List<String> backbones,
        List<String> sizes,
        Map<String, List<String>> optimizers,
        List<String> recipes,
        List<String> augmentations,
        List<String> losses,
        Map<String, List<String>> rules) {

    public KnownNames {
        backbones = List.copyOf(backbones);
        sizes = List.copyOf(sizes);
        optimizers = Collections.unmodifiableMap(new LinkedHashMap<>(optimizers));
        recipes = List.copyOf(recipes);
        augmentations = List.copyOf(augmentations);
        losses = List.copyOf(losses);
        rules = Collections.unmodifiableMap(new LinkedHashMap<>(rules));
    }
}
