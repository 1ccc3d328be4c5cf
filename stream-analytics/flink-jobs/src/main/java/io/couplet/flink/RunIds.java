package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.RunId;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Run ids as bytes: their hashes, and whether they are well formed. Both are found from the bytes alone: with a hundred thousand runs that take turns, a look into a
 * table of known ids costs more than reading forty bytes again.
 */
final class RunIds {

    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int DIGEST = 6;
    /** So many always fit a long. */
    private static final int SEED_DIGITS = 18;

    private static final byte OF_A_PART = 1;
    private static final byte[] KINDS = kinds();

    private RunIds() {}

    private static byte[] kinds() {
        byte[] kinds = new byte[1 << Byte.SIZE];
        for (char c = 0; c < 128; c++) {
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
            if (letter || c >= '0' && c <= '9' || c == '-' || c == '_') {
                kinds[c] = OF_A_PART;
            }
        }
        return kinds;
    }

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
     * @throws IllegalArgumentException when it is no run id
     */
    static void check(byte[] bytes, int from, int length) {
        if (!isPlain(bytes, from, from + length)) {
            RunId.parse(new String(bytes, from, length, UTF_8)); // knows the rare forms, and what is the matter
        }
    }

    /** Whether it is {@code <study>.<backbone>.<optimizer>.s<seed>.<6 hex digits>} with a seed that has no sign and few digits. */
    private static boolean isPlain(byte[] bytes, int from, int to) {
        int digest = to - DIGEST;
        for (int at = Math.max(from, digest); at < to; at++) {
            byte b = bytes[at];
            if (!(b >= '0' && b <= '9' || b >= 'a' && b <= 'f')) {
                return false;
            }
        }
        int seed = digest - 1;
        while (seed - 1 > from && bytes[seed - 1] >= '0' && bytes[seed - 1] <= '9') {
            seed--;
        }
        int digits = digest - 1 - seed;
        if (seed - 2 <= from
                || bytes[digest - 1] != '.'
                || digits < 1
                || digits > SEED_DIGITS
                || bytes[seed - 1] != 's'
                || bytes[seed - 2] != '.') {
            return false;
        }
        int dots = 0;
        int part = from;
        for (int at = from; at < seed - 1; at++) {
            byte b = bytes[at];
            if (b == '.') {
                if (at == part) {
                    return false;
                }
                part = at + 1;
                dots++;
            } else if (KINDS[b & 0xFF] != OF_A_PART) {
                return false;
            }
        }
        return dots == 3 && part == seed - 1;
    }
}
