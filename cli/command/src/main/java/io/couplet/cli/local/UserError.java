package io.couplet.cli.local;

/** Something the user can mend: one sentence that says what is wrong and the fix. Ends the command with exit code 2. */
public final class UserError extends RuntimeException {

    private static final long serialVersionUID = 1;

    public UserError(String sentence) {
        super(sentence);
    }

    public UserError(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
