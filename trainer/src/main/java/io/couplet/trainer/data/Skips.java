package io.couplet.trainer.data;

import java.util.ArrayList;
import java.util.List;

/**
 * Files that were left out.
 *
 * @param count how many
 * @param first the first of them in the order of their names, each as {@code cat/1.jpg: why}
 */
public record Skips(int count, List<String> first) {

    /** How many are listed; the rest is only counted. */
    static final int LISTED = 20;

    static final Skips NONE = new Skips(0, List.of());

    public Skips {
        first = List.copyOf(first);
    }

    static Skips of(List<String> all) {
        return new Skips(all.size(), all.subList(0, Math.min(LISTED, all.size())));
    }

    Skips plus(Skips more) {
        List<String> both = new ArrayList<>(first);
        both.addAll(more.first);
        return new Skips(count + more.count, both.subList(0, Math.min(LISTED, both.size())));
    }
}
