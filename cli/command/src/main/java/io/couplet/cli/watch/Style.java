package io.couplet.cli.watch;

import java.util.Locale;
import java.util.Map;

/**
 * What a terminal can show.
 *
 * @param unicode whether it shows more than ASCII
 * @param colour whether colours are wanted
 */
public record Style(boolean unicode, boolean colour) {

    /**
     * As the environment says: a UTF-8 locale for Unicode, and colours unless NO_COLOR is set or the terminal is dumb.
     *
     * @param ascii whether ASCII was asked for
     */
    public static Style of(Map<String, String> environment, boolean ascii) {
        String locale = first(environment, "LC_ALL", "LC_CTYPE", "LANG").toUpperCase(Locale.ROOT);
        boolean utf8 = locale.contains("UTF-8") || locale.contains("UTF8");
        boolean colour = environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "dumb").equals("dumb");
        return new Style(utf8 && !ascii, colour);
    }

    private static String first(Map<String, String> environment, String... names) {
        for (String name : names) {
            String value = environment.getOrDefault(name, "");
            if (!value.isEmpty()) {
                return value;
            }
        }
        return "";
    }

    /** A text in a colour of the terminal's own palette, or as it is. */
    String coloured(String text, int code) {
        return colour ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }

    /** Between a backbone and an optimizer. */
    String times() {
        return unicode ? " × " : " x ";
    }

    /** For what is left out. */
    String more() {
        return unicode ? "…" : "...";
    }
}
