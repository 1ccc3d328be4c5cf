package io.couplet.docker;

import java.nio.file.Path;

/** Where this source tree is. */
final class Checkout {

    static final Path ROOT =
            Path.of(System.getProperty("couplet.root", "..")).toAbsolutePath().normalize();

    private Checkout() {}
}
