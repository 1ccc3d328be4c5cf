package io.couplet.trainer.optimizers;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What an optimizer remembers, ready to be saved. An updater made from the same options for the same tensors goes on from it to the bit, as long as it
 * computes in float32.
 *
 * @param step how many steps it has made
 * @param vectors by name, each as long as the parameters
 * @param numbers by name: single numbers of the formula (length 1), or one number per group of elements (per tensor, per row, …), in the order of the groups
 */
public record OptimizerState(long step, Map<String, float[]> vectors, Map<String, double[]> numbers) {
    public OptimizerState {
        if (step < 0) {
            throw new IllegalArgumentException("step must be at least 0, was " + step);
        }
        vectors = Collections.unmodifiableMap(new LinkedHashMap<>(vectors));
        numbers = Collections.unmodifiableMap(new LinkedHashMap<>(numbers));
    }

    /**
     * Checks that the state belongs to an optimizer.
     *
     * @param sizes of its numbers by name
     * @throws IllegalArgumentException if it belongs to another optimizer or other parameters
     */
    void requireFor(Collection<String> vectorNames, int elements, Map<String, Integer> sizes) {
        if (!Set.copyOf(vectorNames).equals(vectors.keySet()) || !sizes.keySet().equals(numbers.keySet())) {
            throw new IllegalArgumentException("the state holds " + vectors.keySet() + " and " + numbers.keySet()
                    + " where the optimizer keeps " + vectorNames + " and " + sizes.keySet()
                    + ": restore it with the optimizer and the options that it was saved with");
        }
        vectors.forEach((name, values) -> requireLength(name, values.length, elements));
        numbers.forEach((name, values) -> requireLength(name, values.length, sizes.getOrDefault(name, 0)));
    }

    float[] vector(String name) {
        return Objects.requireNonNull(vectors.get(name), name);
    }

    double[] number(String name) {
        return Objects.requireNonNull(numbers.get(name), name);
    }

    private static void requireLength(String name, int length, int expected) {
        if (length != expected) {
            throw new IllegalArgumentException("the state's " + name + " has " + length + " elements where " + expected
                    + " are needed: restore it with the backbone that it was saved with");
        }
    }
}
