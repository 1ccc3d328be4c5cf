package io.couplet.producers.tail;

/** Logs cannot be followed; the message is one sentence with the fix. */
public final class TailException extends Exception {

    private static final long serialVersionUID = 1;

    TailException(String message) {
        super(message);
    }

    TailException(String message, Throwable cause) {
        super(message, cause);
    }
}
