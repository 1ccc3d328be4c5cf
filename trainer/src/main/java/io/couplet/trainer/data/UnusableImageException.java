package io.couplet.trainer.data;

import java.io.IOException;

/** One image cannot be used; the message is the reason, as it is listed among the {@link Skips}. */
final class UnusableImageException extends IOException {
    UnusableImageException(String reason) {
        super(reason);
    }
}
