package io.couplet.producers;

import java.nio.file.Path;

/** One file of the spool. The file belongs to the publisher's thread, the counts to whoever holds its lock. */
final class SpoolSegment {

    final Path file;
    /** Whether a former process wrote it. */
    final boolean inherited;

    /** Records in the file. */
    long records;
    /** Of those, how many need no sending any more. */
    long settled;
    /** Bytes of the file. */
    long bytes;
    /** Whether the file's end cannot be read; such a file is set aside, never deleted. */
    boolean damaged;
    /** Records that were read back. */
    long recordsRead;
    /** Whether the reader is through with it. */
    boolean read;

    SpoolSegment(Path file, boolean inherited) {
        this.file = file;
        this.inherited = inherited;
    }
}
