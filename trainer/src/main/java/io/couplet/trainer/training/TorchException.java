package io.couplet.trainer.training;

/** The engine cannot be started; the message is one sentence with the fix. */
public final class TorchException extends RuntimeException {
    private static final long serialVersionUID = 1;

    TorchException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
