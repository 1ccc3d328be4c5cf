package io.couplet.producers.tail;

/** Reads one form of log. Has no state of its own: the same bytes from the same position give the same entries. */
interface LogDecoder {

    /** Takes what is found, in the order of the log. */
    interface Finder {

        /** An entry. */
        void entry(LogEntry entry);

        /** What cannot be read. */
        void malformed(long place, String cause);
    }

    /**
     * Decodes whole entries.
     *
     * @param from where the bytes begin in the log
     * @param bytes the log from there, perhaps cut within an entry
     * @param ended whether the log ends with these bytes, so that half an entry will not be completed
     * @return where the first entry begins that is not whole
     */
    Position decode(Position from, byte[] bytes, boolean ended, Finder found);
}
