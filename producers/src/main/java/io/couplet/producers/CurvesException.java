package io.couplet.producers;

/** Recorded curves cannot be read or sent; the message is one sentence with the fix. */
public final class CurvesException extends Exception {

    private static final long serialVersionUID = 1;

    CurvesException(String message) {
        super(message);
    }

    CurvesException(String message, Throwable cause) {
        super(message, cause);
    }
}
