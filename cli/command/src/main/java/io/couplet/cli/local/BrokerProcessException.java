package io.couplet.cli.local;

/** The broker's process did not come up, through no fault of the user's; the message names its log. */
public final class BrokerProcessException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    BrokerProcessException(String message) {
        super(message);
    }

    BrokerProcessException(String message, Throwable cause) {
        super(message, cause);
    }
}
