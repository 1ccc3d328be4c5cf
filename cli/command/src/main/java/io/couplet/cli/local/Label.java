package io.couplet.cli.local;

import java.util.Locale;

/** What constants are called in tables and in JSON. */
public final class Label {

    private Label() {}

    /** In lower case, words joined by hyphens. */
    public static String of(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
