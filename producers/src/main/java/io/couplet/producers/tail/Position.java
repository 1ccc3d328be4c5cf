package io.couplet.producers.tail;

import org.jspecify.annotations.Nullable;

/**
 * How far a log is decoded, and what is needed to go on from there.
 *
 * @param bytes bytes read, up to the end of an entry
 * @param lines lines among them
 * @param header the first line of a CSV file; null before it was read
 * @param epoch the epoch of the newest line that counts steps by epoch; 0 for none
 * @param epochBase steps before that epoch
 * @param iteration the newest step of that epoch
 * @param unreadable whether nothing after here can be read
 */
record Position(
        long bytes,
        long lines,
        @Nullable String header,
        long epoch,
        long epochBase,
        long iteration,
        boolean unreadable) {

    static final Position START = new Position(0, 0, null, 0, 0, 0, false);

    Position at(long newBytes, long newLines) {
        return new Position(newBytes, newLines, header, epoch, epochBase, iteration, unreadable);
    }

    Position withHeader(String newHeader) {
        return new Position(bytes, lines, newHeader, epoch, epochBase, iteration, unreadable);
    }

    Position inEpoch(long newEpoch, long newBase, long newIteration) {
        return new Position(bytes, lines, header, newEpoch, newBase, newIteration, unreadable);
    }

    Position givenUp() {
        return new Position(bytes, lines, header, epoch, epochBase, iteration, true);
    }
}
