package io.couplet.stopper;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run in the store: all of it is one record of the changelog, so that a stopper that is killed has read an order of which it knows what followed, or has not read it.
 *
 * @param run what is known of it; null while people have only given orders to which there was nothing to do
 * @param orders ids of the orders that people gave about it, oldest first; of the newest {@value #ORDERS}
 */
record Watched(@Nullable RunWatch run, List<String> orders) {

    static final Watched NOTHING = new Watched(null, List.of());

    /** What is read again goes back to the last commit, that is a moment; only a group whose offsets were lost reads everything again. */
    private static final int ORDERS = 50;

    Watched {
        orders = List.copyOf(orders);
    }

    /** Whether it is a person's order that was read before. */
    boolean hasRead(Input input) {
        return input instanceof Input.Ordered ordered
                && orders.contains(ordered.order().getCommandId());
    }

    /** After a record; the same instance when it changed nothing. */
    Watched after(Input input, @Nullable RunWatch next) {
        if (input instanceof Input.Ordered ordered) {
            List<String> read = new ArrayList<>(orders.subList(Math.max(0, orders.size() - ORDERS + 1), orders.size()));
            read.add(ordered.order().getCommandId());
            return new Watched(next, read);
        }
        return next == run ? this : new Watched(next, orders);
    }
}
