package io.couplet.flink;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Runs by the bytes of their ids: open addressing over their hashes, which lie side by side. Runs never leave. */
final class HeldRuns {

    private long[] hashes = new long[1 << 10];
    private HeldRun[] runs = new HeldRun[1 << 10];
    private int size;

    @Nullable
    HeldRun get(long hash, byte[] bytes, int from, int to) {
        for (int slot = slot(hash); hashes[slot] != 0; slot = next(slot)) {
            if (hashes[slot] == hash) {
                HeldRun run = runs[slot];
                if (Arrays.equals(run.utf8, 0, run.utf8.length, bytes, from, to)) {
                    return run;
                }
            }
        }
        return null;
    }

    void add(HeldRun run) {
        if (2 * ++size > runs.length) {
            HeldRun[] before = runs;
            runs = new HeldRun[2 * before.length];
            hashes = new long[runs.length];
            for (HeldRun known : before) {
                if (known != null) {
                    place(known);
                }
            }
        }
        place(run);
    }

    private void place(HeldRun run) {
        int slot = slot(run.hash);
        while (hashes[slot] != 0) {
            slot = next(slot);
        }
        hashes[slot] = run.hash;
        runs[slot] = run;
    }

    private int slot(long hash) {
        return (int) hash & (runs.length - 1);
    }

    private int next(int slot) {
        return (slot + 1) & (runs.length - 1);
    }
}
