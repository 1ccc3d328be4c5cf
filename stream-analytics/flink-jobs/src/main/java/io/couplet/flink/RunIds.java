package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.RunId;
import java.util.Arrays;

/**
 * Run ids by their bytes: a run comes a step at a time, so its id is read, checked and hashed once and not once a step. A direct-mapped cache; an id that another
 * one has displaced is read again. Belongs to one thread.
 */
final class RunIds {

    private static final int FEWEST_SLOTS = 1 << 10;
    private static final int MOST_SLOTS = 1 << 18;

    private Known[] slots = new Known[FEWEST_SLOTS];
    private int displaced;

    /** A run id and its bytes, which must not be changed. */
    static final class Known {
        final String id;
        final byte[] utf8;
        private final int hash;

        private Known(String id, byte[] utf8, int hash) {
            this.id = id;
            this.utf8 = utf8;
            this.hash = hash;
        }
    }

    /**
     * The id whose UTF-8 form lies in the bytes.
     *
     * @throws IllegalArgumentException when it is no run id
     */
    Known of(byte[] bytes, int from, int length) {
        int hash = 1;
        for (int i = from; i < from + length; i++) {
            hash = 31 * hash + bytes[i];
        }
        hash ^= hash >>> 15;
        Known known = slots[hash & (slots.length - 1)];
        if (known != null
                && known.hash == hash
                && Arrays.equals(known.utf8, 0, known.utf8.length, bytes, from, from + length)) {
            return known;
        }
        return read(Arrays.copyOfRange(bytes, from, from + length), hash);
    }

    private Known read(byte[] utf8, int hash) {
        String id = new String(utf8, UTF_8);
        RunId.parse(id);
        Known known = new Known(id, utf8, hash);
        int slot = hash & (slots.length - 1);
        displaced += slots[slot] == null ? 0 : 1;
        slots[slot] = known;
        if (displaced > slots.length / 4 && slots.length < MOST_SLOTS) {
            grow();
        }
        return known;
    }

    private void grow() {
        Known[] old = slots;
        slots = new Known[4 * old.length];
        displaced = 0;
        for (Known known : old) {
            if (known != null) {
                slots[known.hash & (slots.length - 1)] = known;
            }
        }
    }
}
