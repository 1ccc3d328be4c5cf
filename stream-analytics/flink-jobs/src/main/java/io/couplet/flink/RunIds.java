package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.RunId;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Knows by their hashes the run ids that were found to be well formed: a run comes a step at a time, so its id is checked once and not once a step. A hundred
 * thousand of them fit the processor's caches, as their texts would not. Direct-mapped; an id that another one has displaced is checked again. Belongs to one
 * thread.
 */
final class RunIds {

    private static final int FEWEST_SLOTS = 1 << 12;
    private static final int MOST_SLOTS = 1 << 20;
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private long[] slots = new long[FEWEST_SLOTS];
    private int displaced;

    /** 64 bits of which all depend on all bytes; never 0. */
    static long hash(byte[] bytes, int from, int length) {
        long hash = length * MULTIPLIER;
        int at = from;
        int end = from + length;
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            hash = mixed(hash ^ (long) LONG.get(bytes, at));
        }
        long rest = 0;
        for (; at < end; at++) {
            rest = rest << 8 | bytes[at] & 0xFF;
        }
        hash = mixed(hash ^ rest);
        return hash == 0 ? 1 : hash;
    }

    /** A bijection (Stafford's thirteenth variant of the murmur finalizer). */
    private static long mixed(long value) {
        long mixed = value + MULTIPLIER;
        mixed = (mixed ^ mixed >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }

    /**
     * Checks the id whose UTF-8 form lies in the bytes.
     *
     * @param hash its {@link #hash}
     * @throws IllegalArgumentException when it is no run id
     */
    void check(long hash, byte[] bytes, int from, int length) {
        if (slots[slot(hash, slots.length)] != hash) {
            RunId.parse(new String(bytes, from, length, UTF_8));
            keep(hash);
        }
    }

    private void keep(long hash) {
        int slot = slot(hash, slots.length);
        displaced += slots[slot] == 0 ? 0 : 1;
        slots[slot] = hash;
        if (displaced > slots.length / 8 && slots.length < MOST_SLOTS) {
            long[] old = slots;
            slots = new long[4 * old.length];
            displaced = 0;
            for (long known : old) {
                slots[slot(known, slots.length)] = known;
            }
        }
    }

    private static int slot(long hash, int slots) {
        return (int) hash & (slots - 1);
    }
}
