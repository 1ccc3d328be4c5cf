package io.couplet.trainer.data;

/** Says in one sentence why the data cannot be used and what to do about it; the message is fit for the user as it is. */
public final class DataException extends Exception {
    DataException(String message) {
        super(message);
    }

    DataException(String message, Throwable cause) {
        super(message, cause);
    }
}
