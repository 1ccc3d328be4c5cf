package io.couplet.producers;

/** An order did not reach Kafka; the message is one sentence with the fix. */
public final class RunOrderException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    RunOrderException(String message, Throwable cause) {
        super(message, cause);
    }
}
