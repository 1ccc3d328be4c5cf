package io.couplet.trainer.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Choosing among labelled things at random but evenly over the classes, by seed. */
final class Choice {
    private static final long LIMIT = 3;
    private static final long SPLIT = 4;

    private Choice() {}

    /** The places of at most {@code limit} of them, in rising order: one of each class in turn until there are enough. */
    static int[] limited(int[] labels, int classes, int limit, long seed) {
        if (labels.length <= limit) {
            return all(labels.length);
        }
        List<int[]> shuffled = shuffledByClass(labels, classes, seed, LIMIT);
        int[] chosen = new int[limit];
        int count = 0;
        for (int round = 0; count < limit; round++) {
            for (int[] ofClass : shuffled) {
                if (round < ofClass.length && count < limit) {
                    chosen[count++] = ofClass[round];
                }
            }
        }
        Arrays.sort(chosen);
        return chosen;
    }

    /** Training places, then validation places, both in rising order; every class needs two or more. */
    static List<int[]> split(int[] labels, int classes, double validationFraction, long seed) {
        List<Integer> training = new ArrayList<>();
        List<Integer> validation = new ArrayList<>();
        for (int[] ofClass : shuffledByClass(labels, classes, seed, SPLIT)) {
            long wanted = Math.round(ofClass.length * validationFraction);
            int held = (int) Math.min(ofClass.length - 1, Math.max(1, wanted));
            for (int k = 0; k < ofClass.length; k++) {
                (k < held ? validation : training).add(ofClass[k]);
            }
        }
        return List.of(sorted(training), sorted(validation));
    }

    private static int[] sorted(List<Integer> places) {
        return places.stream().mapToInt(Integer::intValue).sorted().toArray();
    }

    private static int[] all(int count) {
        int[] places = new int[count];
        Arrays.setAll(places, i -> i);
        return places;
    }

    private static List<int[]> shuffledByClass(int[] labels, int classes, long seed, long purpose) {
        int[] counts = new int[classes];
        for (int label : labels) {
            counts[label]++;
        }
        List<int[]> byClass = new ArrayList<>();
        for (int label = 0; label < classes; label++) {
            int[] places = new int[counts[label]];
            int count = 0;
            for (int i = 0; i < labels.length; i++) {
                if (labels[i] == label) {
                    places[count++] = i;
                }
            }
            SplitMix.of(seed, purpose, label).shuffle(places);
            byClass.add(places);
        }
        return byClass;
    }
}
