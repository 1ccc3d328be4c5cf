package io.couplet.producers.tail;

/**
 * What could not be read or sent.
 *
 * @param file the log
 * @param place its line, or byte of a binary log, from 1; 0 for the whole log
 * @param cause why
 */
public record TailProblem(String file, long place, String cause) {

    @Override
    public String toString() {
        return place == 0 ? file + ": " + cause : file + ", " + place + ": " + cause;
    }
}
