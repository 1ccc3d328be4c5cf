package io.couplet.stopper;

/** Why the stopper cannot start, in one sentence with the fix. */
public final class EarlyStopperException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public EarlyStopperException(String sentence) {
        super(sentence);
    }

    public EarlyStopperException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
