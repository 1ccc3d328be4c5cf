package io.couplet.flink;

/** The jobs do not run; the message says why in one sentence. */
public final class AnalyticsException extends RuntimeException {

    private static final long serialVersionUID = 1;

    AnalyticsException(String message, Throwable cause) {
        super(message, cause);
    }
}
