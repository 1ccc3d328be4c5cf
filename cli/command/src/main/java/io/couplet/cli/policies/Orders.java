package io.couplet.cli.policies;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Orders in which the backbones of a study may run: all there are, or, when these are too many, so many drawn by chance, the same every time. */
final class Orders {

    private static final long SEED = 1;

    private Orders() {}

    static List<List<String>> of(List<String> backbones, int most) {
        double all = 1;
        for (int i = 2; i <= backbones.size(); i++) {
            all *= i;
        }
        if (all <= most) {
            List<List<String>> orders = new ArrayList<>();
            permute(new ArrayList<>(), backbones, orders);
            return orders;
        }
        Random random = new Random(SEED);
        Set<List<String>> drawn = new LinkedHashSet<>();
        while (drawn.size() < most) {
            List<String> order = new ArrayList<>(backbones);
            Collections.shuffle(order, random);
            drawn.add(List.copyOf(order));
        }
        return List.copyOf(drawn);
    }

    private static void permute(List<String> begun, List<String> all, List<List<String>> orders) {
        if (begun.size() == all.size()) {
            orders.add(List.copyOf(begun));
            return;
        }
        for (String next : all) {
            if (!begun.contains(next)) {
                begun.add(next);
                permute(begun, all, orders);
                begun.remove(begun.size() - 1);
            }
        }
    }
}
