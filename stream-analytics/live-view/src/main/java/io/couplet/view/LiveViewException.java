package io.couplet.view;

/** Why the view cannot start or read, in one sentence with the fix. */
public final class LiveViewException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public LiveViewException(String sentence) {
        super(sentence);
    }

    public LiveViewException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
