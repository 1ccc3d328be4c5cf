package io.couplet.view.http;

/** Why an order could not be given, in one sentence. */
public final class OrderException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public OrderException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
