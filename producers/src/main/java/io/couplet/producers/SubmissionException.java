package io.couplet.producers;

/** A study could not be submitted; the message is one sentence with the fix. */
public final class SubmissionException extends Exception {

    private static final long serialVersionUID = 1L;

    SubmissionException(String message, Throwable cause) {
        super(message, cause);
    }
}
